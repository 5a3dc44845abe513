-- Plans, what became of them, and what people know of sites. Small tables, local to the coordinator.
--
-- A plan is visible under vigie_reader only where the scope covers all of its areas; a scope that is absent or empty
-- shows nothing. Every table repeats the plan's areas, which never change, so that its policy asks no other table.
create function checkpoints_within(areas text[], patterns text[]) returns boolean
    language sql immutable parallel safe
    as $$ select coalesce((select bool_and(coalesce(a || '.' like any (patterns), false)) from unnest(areas) a), false) $$;

create table checkpoints_plan (
    id uuid primary key,                   -- of the job that made it
    areas text[] not null check (cardinality(areas) > 0),
    title text not null,
    kind text not null,                    -- of control
    starts timestamptz not null,           -- the period, local days
    ends timestamptz not null,
    state text not null check (state in ('draft', 'approved', 'refused', 'executed', 'evaluated')),
    revision int not null,                 -- the last
    posts int not null,                    -- of the last revision, for lists
    share double precision not null,
    author text not null,
    machine boolean not null,              -- the author is a client
    created timestamptz not null,
    changed_by text not null,
    changed timestamptz not null
);
create index checkpoints_plan_created on checkpoints_plan (created desc, id desc);

-- Revisions are only ever added. The body is kept as it was written, so that its hash can be taken again; seeds are
-- apart, with the other plans that the same draw could have given, because they are erased sooner (the body holds the
-- seed's SHA-256).
create table checkpoints_revision (
    plan uuid not null,
    revision int not null,
    areas text[] not null,
    at timestamptz not null,
    author text not null,
    machine boolean not null,
    act text not null check (act in ('proposed', 'changed', 'undone', 'redrawn', 'approved', 'refused', 'closed', 'evaluated')),
    note text not null,
    state text not null,                   -- of the plan since this revision
    origin int not null,                   -- the revision whose content this is: itself, but for undone ones and decisions
    before int not null,                   -- the origin that undo goes back to; 0 is none
    posts int not null,
    share double precision not null,
    job uuid unique,                       -- that made it
    body json not null,
    hash bytea not null,                   -- SHA-256 of the body
    seed text not null,                    -- '' once erased
    certificate json,                      -- of a proposal
    draws json,                            -- other plans of the same draw, for the evaluation; null once erased
    primary key (plan, revision)
);

create function checkpoints_append_only() returns trigger language plpgsql as $$
begin
    if new.seed = '' and new.draws is null and to_jsonb(new) - 'seed' - 'draws' = to_jsonb(old) - 'seed' - 'draws' then
        return new;                        -- the retention erases seeds and draws, and nothing else
    end if;
    raise exception 'revisions of a plan are only ever added' using errcode = 'insufficient_privilege';
end $$;
create trigger checkpoints_append_only before update on checkpoints_revision
    for each row execute function checkpoints_append_only();

-- Decisions of a person on a revision.
create table checkpoints_decision (
    plan uuid primary key,
    areas text[] not null,
    revision int not null,                 -- that was decided on
    hash bytea not null,                   -- of its body
    approved boolean not null,
    at timestamptz not null,
    person text not null,
    reference text not null,               -- of the order or of the requisition
    authority text not null,
    purpose text not null,
    instructions text not null,
    reason text not null                   -- of a refusal
);

-- What a post brought: counts, never persons. The last report of a post counts.
create table checkpoints_report (
    seq bigint primary key generated always as identity,
    plan uuid not null,
    post text not null,
    areas text[] not null,
    at timestamptz not null,
    author text not null,
    body json not null
);
create index checkpoints_report_plan on checkpoints_report (plan, post, seq desc);

create table checkpoints_evaluation (
    plan uuid primary key,
    areas text[] not null,
    at timestamptz not null,
    author text not null,
    body json not null
);

-- What people know of a place where a post could stand.
create table checkpoints_place (
    id text primary key,                   -- of the site
    areas text[] not null check (cardinality(areas) = 1), -- its commune
    lon double precision not null,
    lat double precision not null,
    status text not null check (status in ('safe', 'unsafe', 'reconnoitre')),
    lit text not null check (lit in ('yes', 'no', 'unknown')),
    note text not null,
    author text not null,
    at timestamptz not null
);

alter table checkpoints_plan enable row level security;
create policy reader on checkpoints_plan for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));
alter table checkpoints_revision enable row level security;
create policy reader on checkpoints_revision for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));
alter table checkpoints_decision enable row level security;
create policy reader on checkpoints_decision for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));
alter table checkpoints_report enable row level security;
create policy reader on checkpoints_report for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));
alter table checkpoints_evaluation enable row level security;
create policy reader on checkpoints_evaluation for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));
alter table checkpoints_place enable row level security;
create policy reader on checkpoints_place for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or checkpoints_within(areas, string_to_array(current_setting('vigie.scope', true), ',')));

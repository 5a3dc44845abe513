-- Suggestions of patrols, and what people decided on them. Small tables, local to the coordinator. Rows are only ever
-- added; the retention alone takes them away (modules/cartheft/keep.go).
--
-- A suggestion is visible under vigie_reader where the scope covers all of its areas and every category that fed the
-- forecast is open (forecast_covers: geoengine/migrations/008_forecasts.sql).

-- The n-th character of the setting is 1 if the category numbered n is open.
create function cartheft_open(needs int[], open text) returns boolean
    language sql immutable parallel safe
    as $$ select coalesce(open = '*' or
        (select coalesce(bool_and(substr(open, n, 1) = '1'), true) from unnest(needs) n), false) $$;

create table cartheft_suggestion (
    id uuid primary key,
    run uuid not null,                     -- of the forecast
    areas text[] not null,                 -- paths; '{}' is everything
    needs int[] not null,                  -- numbers of the categories that fed the forecast
    at timestamptz not null,
    author text not null,
    machine boolean not null,              -- the author is a client
    hours int not null,                    -- of patrol in a week
    exploration double precision not null check (exploration between 0.05 and 0.1),
    seed text not null,                    -- decimal: what the explored places were drawn with
    body json not null,                    -- visits and the audit, as they were shown
    hash bytea not null                    -- SHA-256 of the body
);
create index cartheft_suggestion_at on cartheft_suggestion (at desc, id desc);

create table cartheft_decision (
    seq bigint primary key generated always as identity,
    suggestion uuid not null,
    areas text[] not null,
    needs int[] not null,
    hash bytea not null,                   -- of the body that was decided on
    at timestamptz not null,
    person text not null,
    decision text not null check (decision in ('followed', 'partly', 'not_followed')),
    note text not null
);
create index cartheft_decision_suggestion on cartheft_decision (suggestion, seq);

create function cartheft_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('vigie.retention', true) = 'cartheft' then
        return old;
    end if;
    raise exception 'suggestions and decisions are only ever added' using errcode = 'insufficient_privilege';
end $$;
create trigger cartheft_append_only before update or delete on cartheft_suggestion for each row execute function cartheft_append_only();
create trigger cartheft_append_only before update or delete on cartheft_decision for each row execute function cartheft_append_only();
create trigger cartheft_no_truncate before truncate on cartheft_suggestion for each statement execute function cartheft_append_only();
create trigger cartheft_no_truncate before truncate on cartheft_decision for each statement execute function cartheft_append_only();

alter table cartheft_suggestion enable row level security;
create policy reader on cartheft_suggestion for select to vigie_reader using (
    forecast_covers(areas, current_setting('vigie.scope', true)) and cartheft_open(needs, current_setting('vigie.open', true)));
alter table cartheft_decision enable row level security;
create policy reader on cartheft_decision for select to vigie_reader using (
    forecast_covers(areas, current_setting('vigie.scope', true)) and cartheft_open(needs, current_setting('vigie.open', true)));


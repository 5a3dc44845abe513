-- Forecasts: runs with their card, values with intervals, scores, what people decided. Local to the coordinator. Rows are
-- only ever added; the retention alone takes whole runs away (geoengine/forecast/purge.go).
--
-- Under vigie_reader a value is visible where the scope holds its area, a run where the scope meets one of its areas,
-- scores where the scope covers all of them, and none of these unless every category that fed the run is open. Every
-- table repeats what its policy asks, so that no policy asks another table. A scope that is absent or empty shows nothing.
create function forecast_covers(areas text[], scope text) returns boolean
    language sql immutable parallel safe
    as $$ select coalesce(scope = '*' or cardinality(areas) > 0 and
        (select bool_and(coalesce(a || '.' like any (string_to_array(scope, ',')), false)) from unnest(areas) a), false) $$;

-- No areas are everything. A pattern fr.76.31.% meets the areas fr.76 and fr.76.31.31555.
create function forecast_meets(areas text[], scope text) returns boolean
    language sql immutable parallel safe
    as $$ select coalesce(scope = '*' or scope <> '' and (cardinality(areas) = 0 or
        (select bool_or(coalesce(a || '.' like any (string_to_array(scope, ',')), false)
            or (select bool_or(starts_with(replace(p, '\_', '_'), a || '.')) from unnest(string_to_array(scope, ',')) p)) from unnest(areas) a)), false) $$;

create table forecast_run (
    id uuid primary key,                   -- of the job that made it
    name text not null,                    -- of the forecast
    areas text[] not null,                 -- paths, ascending; '{}' is everything
    feeds text[] not null,                 -- slugs of the categories that may feed it
    needs text not null,                   -- LIKE pattern of the setting vigie.open: 1 at the number of each of those that there were
    until timestamptz not null,
    horizon text not null,
    options text not null,                 -- JSON, canonical
    begins timestamptz not null,           -- the period forecast
    ends timestamptz not null,
    place text not null check (place in ('cell', 'lixel', 'unit', 'area')),
    usable boolean not null,
    model text not null,
    version text not null,
    input_hash text not null,
    hash bytea not null,                   -- SHA-256 of the result's JSON, values included
    author text not null,
    machine boolean not null,
    made timestamptz not null,
    values_count int not null,
    places int not null,
    kinds text[] not null,                 -- of the values
    box double precision[] not null,       -- west, south, east, north of the places; '{}' for none
    step text not null,                    -- of the longest values, and where the first of them begins: what a map shows first
    first timestamptz not null,
    reach double precision not null,       -- degrees from the middle of a place to the end of its shape, at most
    head json not null                     -- the result without its values, as it was written
);
create index forecast_run_until on forecast_run (name, until desc, made desc, id desc);
create index forecast_run_ends on forecast_run (ends);

create table forecast_value (
    run uuid not null,
    seq int not null,                      -- in canonical order, from 1
    area text not null,                    -- '' for none
    needs text not null,
    cell bigint not null,                  -- H3; 0 where the place is none
    place text not null,
    label text not null,
    kind text not null,
    step text not null,                    -- ISO 8601 duration of the value's period
    begins timestamptz not null,
    ends timestamptz not null,
    expected double precision not null,
    median double precision not null,
    low50 double precision not null,       -- both 0 for none
    high50 double precision not null,
    low80 double precision not null,
    high80 double precision not null,
    low95 double precision not null,
    high95 double precision not null,
    last_year double precision not null,
    past double precision not null,        -- what the count of the past expects
    rank int not null,
    profile int not null,
    lon double precision,                  -- a point in the middle of the place; null where that is not known
    lat double precision,
    spot bigint not null,                  -- its H3 cell of resolution 11; 0 without one
    geom geometry(Geometry, 4326),         -- null where cell, unit or area says it
    primary key (run, seq)
);
create index forecast_value_spot on forecast_value (run, kind, step, spot);
create index forecast_value_place on forecast_value (run, place, begins) where place <> '';

create table forecast_score (
    seq bigint primary key generated always as identity,
    run uuid not null,
    areas text[] not null,
    needs text not null,
    at timestamptz not null,
    body json not null
);
create index forecast_score_run on forecast_score (run, at);

-- What people did with a run. areas are those of the run that the person answers for.
create table forecast_decision (
    seq bigint primary key generated always as identity,
    run uuid not null,
    areas text[] not null,
    needs text not null,
    at timestamptz not null,
    person text not null,
    decision text not null check (decision in ('followed', 'partly', 'not_followed')),
    note text not null,
    places text[] not null
);
create index forecast_decision_run on forecast_decision (run, seq);

-- Which runs are made by themselves. This table alone is changed: by administrators.
create table forecast_schedule (
    name text not null,
    area text not null,                    -- '' is everything
    horizon text not null,
    options text not null,
    author text not null,
    at timestamptz not null,
    primary key (name, area, horizon, options)
);

create function forecast_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('vigie.retention', true) = 'forecasts' then
        return old;
    end if;
    raise exception 'forecasts are only ever added' using errcode = 'insufficient_privilege';
end $$;
create trigger forecast_append_only before update or delete on forecast_run for each row execute function forecast_append_only();
create trigger forecast_append_only before update or delete on forecast_value for each row execute function forecast_append_only();
create trigger forecast_append_only before update or delete on forecast_score for each row execute function forecast_append_only();
create trigger forecast_append_only before update or delete on forecast_decision for each row execute function forecast_append_only();
create trigger forecast_no_truncate before truncate on forecast_run for each statement execute function forecast_append_only();
create trigger forecast_no_truncate before truncate on forecast_value for each statement execute function forecast_append_only();
create trigger forecast_no_truncate before truncate on forecast_score for each statement execute function forecast_append_only();
create trigger forecast_no_truncate before truncate on forecast_decision for each statement execute function forecast_append_only();

alter table forecast_run enable row level security;
create policy reader on forecast_run for select to vigie_reader using (
    forecast_meets(areas, current_setting('vigie.scope', true)) and (current_setting('vigie.open', true) = '*' or current_setting('vigie.open', true) like needs));
alter table forecast_value enable row level security;
create policy reader on forecast_value for select to vigie_reader using (
    (current_setting('vigie.scope', true) = '*'
        or area || '.' like any (string_to_array(current_setting('vigie.scope', true), ',')))
    and (current_setting('vigie.open', true) = '*' or current_setting('vigie.open', true) like needs));
alter table forecast_score enable row level security;
create policy reader on forecast_score for select to vigie_reader using (
    forecast_covers(areas, current_setting('vigie.scope', true)) and (current_setting('vigie.open', true) = '*' or current_setting('vigie.open', true) like needs));
alter table forecast_decision enable row level security;
create policy reader on forecast_decision for select to vigie_reader using (
    forecast_covers(areas, current_setting('vigie.scope', true)) and (current_setting('vigie.open', true) = '*' or current_setting('vigie.open', true) like needs));

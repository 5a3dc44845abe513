-- Reference tables: small, replicated to every node under Citus.
create table zone (
    zone int primary key,                  -- compact number of a resolution-3 H3 cell; 0 is "no position"
    cell bigint not null unique
);
insert into zone values (0, 0);

create table source (
    id int primary key,
    name text not null unique,
    title text not null,
    publisher text not null,
    licence text not null,
    url text not null,
    synthetic boolean not null
);

create table category (
    id smallint primary key,
    slug text not null unique
);

create table area (
    id int primary key,
    path text not null unique,
    parent text not null,                  -- '' for a root
    level text not null,
    code text not null,
    name text not null,
    source int not null,
    fingerprint bigint not null,
    geom geometry(MultiPolygon, 4326),     -- null for a parent known by its code only
    outline geometry(MultiPolygon, 4326)   -- union of the children, where geom is null: to draw, never to locate
);
create index area_parent on area (parent);
create index area_geom on area using gist (geom);
create index area_outline on area using gist (outline);

-- The same polygons cut into pieces of few vertices: point in polygon without walking a coast.
create table area_part (
    area int not null,
    geom geometry(Polygon, 4326) not null
);
create index area_part_geom on area_part using gist (geom);
create index area_part_area on area_part (area);

-- Big tables, distributed by zone under Citus. The identity is found across zones when a position moves, so
-- (source, ref) comes first in the key: one index serves both (docs/adr/002).
create table event (
    zone int not null,
    source int not null,
    ref text not null,
    category smallint not null,
    severity smallint not null,
    starts timestamptz not null,
    ends timestamptz not null,
    reported timestamptz not null,
    utc_offset int not null,               -- seconds east of UTC at starts
    geom geometry(Point, 4326),
    precision_m real not null,
    weight real not null,
    cell bigint not null,                  -- H3 resolution 11; 0 without a position
    area text not null,                    -- path of the deepest area that holds the point; '' for none
    attributes jsonb not null,
    fingerprint bigint not null,           -- xxhash64 of everything the source said
    xid bigint not null,                   -- pg_current_xact_id() of the last write: the change feed
    primary key (source, ref, zone)
);
create index event_cell on event (zone, cell, starts);
create index event_xid on event (xid);
create index event_starts on event using brin (starts timestamptz_minmax_multi_ops);

-- What an update or a deletion took away, in the columns of the cube: the change feed's negative rows.
create table event_retracted (
    zone int not null,
    source int not null,
    category smallint not null,
    severity smallint not null,
    starts timestamptz not null,
    ends timestamptz not null,
    utc_offset int not null,
    weight real not null,
    cell bigint not null,
    area text not null,
    attributes jsonb not null,
    xid bigint not null,                   -- of the transaction that took it away
    old_xid bigint not null,               -- of the one that had written it: who never saw it must not subtract it
    retracted timestamptz not null
);
create index event_retracted_xid on event_retracted (xid);

create table unit (
    zone int not null,
    source int not null,
    ref text not null,
    kind text not null,
    name text not null,
    geom geometry(Point, 4326),
    precision_m real not null,
    cell bigint not null,
    area text not null,
    attributes jsonb not null,
    since timestamptz,
    fingerprint bigint not null,
    primary key (source, ref, zone)
);
create index unit_cell on unit (zone, cell);

-- Imports: local to the coordinator.
create table import_run (
    id bigint primary key generated always as identity,
    source text not null,
    input text not null,                   -- what was imported, for people
    digest text not null,                  -- what was imported, for resuming: files and mapping
    started timestamptz not null,
    updated timestamptz not null,
    state text not null check (state in ('running', 'done', 'failed')),
    records bigint not null default 0,     -- records of the input already committed, in reading order
    report jsonb not null default '{}',
    failure text not null default ''
);
create index import_run_digest on import_run (digest);

create table import_reject (
    run bigint not null,
    seq bigint not null,
    file text not null,
    line bigint not null,
    reason text not null,                  -- slug, counted in the report
    detail text not null,
    raw text not null,
    primary key (run, seq)
);

create table account (
    name text primary key,
    password text not null,                -- argon2id, PHC string
    role text not null,
    areas text[] not null,                 -- paths; '{*}' is everywhere
    disabled boolean not null default false,
    created timestamptz not null
);

create table session (
    token bytea primary key,               -- SHA-256 of the cookie
    account text not null,
    created timestamptz not null,
    expires timestamptz not null
);

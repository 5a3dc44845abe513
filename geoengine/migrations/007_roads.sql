-- The road network. A source has one active network; an import writes another one beside it and takes its place at the
-- end, so that readers see the old or the new one, never half of one. Open geography: no row-level security.
-- Reference tables: small, replicated to every node under Citus.
create table road_network (
    generation bigint primary key,
    source int not null,
    run bigint not null,                   -- import_run that makes it
    state text not null check (state in ('loading', 'active', 'old')),
    began timestamptz not null,
    imported timestamptz not null,         -- of the last import that found it so
    sections bigint not null default 0,
    restrictions bigint not null default 0,
    sites bigint not null default 0,
    metres double precision not null default 0,
    known bigint not null default 0,       -- of its rows, those whose ref the network before had too
    removed bigint not null default 0,     -- rows of the network before that it has no more
    hash bigint not null default 0         -- sum of the fingerprints
);
create unique index road_network_active on road_network (source) where state = 'active';

create table road_restriction (
    generation bigint not null,
    ref text not null,
    from_ref text not null,                -- section driven before
    via text[] not null,                   -- sections in between
    to_ref text not null,
    junction bigint not null,              -- where from_ref ends
    only_to boolean not null,              -- every other turn is forbidden, not this one
    fingerprint bigint not null,
    primary key (generation, ref)
);

create table road_site (
    generation bigint not null,
    ref text not null,
    kind text not null,
    name text not null,
    geom geometry(Point, 4326) not null,
    area_m2 real not null,                 -- 0 if unknown
    lit smallint not null,                 -- 0 unknown, 1 no, 2 yes
    access smallint not null,              -- 0 public, 1 destination
    fingerprint bigint not null,
    primary key (generation, ref)
);
create index road_site_geom on road_site using gist (geom);

-- Big tables, distributed by zone (of the first position) under Citus.
create table road_section (
    zone int not null,
    generation bigint not null,
    ref text not null,
    from_junction bigint not null,
    to_junction bigint not null,
    class smallint not null,               -- 0 motorway … 9 track
    name text not null,
    number text not null,
    forward boolean not null,
    backward boolean not null,
    speed_forward smallint not null,       -- km/h, 0 if unknown
    speed_backward smallint not null,
    access smallint not null,              -- 0 public, 1 destination
    link boolean not null,
    roundabout boolean not null,
    bridge boolean not null,
    tunnel boolean not null,
    lit smallint not null,                 -- 0 unknown, 1 no, 2 yes
    built_up smallint not null,            -- 0 unknown, 1 no, 2 yes
    lanes smallint not null,               -- 0 if unknown
    geom geometry(LineString, 4326) not null,
    fingerprint bigint not null,
    primary key (generation, ref, zone)
);
create index road_section_geom on road_section using gist (geom);

-- The roads of higher classes for small scales: sections that follow one another joined, within a zone, and simplified.
create table road_overview (
    zone int not null,
    generation bigint not null,
    seq int not null,
    detail smallint not null,              -- zoom of tiles up to which it is drawn
    class smallint not null,
    link boolean not null,
    name text not null,
    number text not null,
    geom geometry(LineString, 4326) not null,
    primary key (generation, seq, zone)
);
create index road_overview_geom on road_overview using gist (geom);

-- What the module knows beside the calls, as administrators import it: calendars, weather, and what a fire and rescue
-- service publishes of itself. Small tables, local to the coordinator; callers read none of them.

-- School holidays: both days without school. The program has a table of its own for some years; these rows add to it.
create table firestations_school (
    zone text not null check (zone in ('A', 'B', 'C')),
    first date not null,
    last date not null check (last >= first),
    name text not null,
    primary key (zone, first)
);

-- Weather by local day. Rows are only added: known is when a figure was imported, so that a run of the past sees the
-- forecast of the weather that there was, and not the weather that came.
create table firestations_weather (
    area text not null,                    -- path of the area it holds for; '' is everywhere
    day date not null,
    known timestamptz not null,
    temperature double precision,          -- °C, mean
    rain double precision,                 -- mm, sum
    wind double precision,                 -- km/h, highest
    primary key (area, day, known)
);

-- Stations without a place of their own: the territory that each covers first.
create table firestations_sector (
    source text not null,                  -- slug; source/station is the id of the station's unit
    station text not null,
    departement text not null,
    geom geometry(Polygon, 4326) not null,
    primary key (source, station)
);

-- Which part of a commune's operations each station answered.
create table firestations_share (
    source text not null,
    commune text not null,                 -- INSEE code
    station text not null,
    share double precision not null check (share > 0 and share <= 1),
    of int not null,                       -- operations
    primary key (source, commune, station)
);

create table firestations_operations (
    source text not null,
    commune text not null,
    year int not null,
    n int not null check (n >= 0),
    name text not null,                    -- of the commune
    primary key (source, commune, year)
);

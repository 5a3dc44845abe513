-- Inhabitants of areas, by year: what ratios per inhabitant divide by. Open figures of a census; no row-level security.
create table accidents_population (
    area text not null,                    -- path
    year int not null check (year between 1900 and 2100),
    people bigint not null check (people >= 0),
    source text not null,                  -- file or publisher, for people
    imported timestamptz not null,
    primary key (area, year)
);

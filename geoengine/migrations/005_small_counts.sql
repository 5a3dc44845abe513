-- Thresholds of small counts that differ from those of the program. A role '' is every role that is not named.
create table small_count_rule (
    category text not null,
    role text not null,
    k int not null check (k = 0 or k between 3 and 100),
    set_by text not null,
    set_at timestamptz not null,
    primary key (category, role)
);

-- A calendar year of a family that has been published: its numbers stay as they are, whatever comes in later.
create sequence small_count_seq;
create table small_count_release (
    category text not null,
    k int not null,
    year int not null,
    starts timestamptz not null,           -- the year in the local time of the server that published it
    ends timestamptz not null,
    published timestamptz not null,
    seq bigint not null,                   -- grows with every publication, also over again
    primary key (category, k, year)
);

-- The published numbers of a territory; territory '' is outside all of them.
create table small_count_table (
    category text not null,
    k int not null,
    year int not null,
    territory text not null,
    body jsonb not null,
    primary key (category, k, year, territory)
);

-- Jobs: local to the coordinator. The queue itself is river's, of its migration 8 (geoengine/queue.go); these tables are the truth of what
-- was asked, by whom, and what came of it.
create table job (
    id uuid primary key,
    process text not null,
    owner text not null,                   -- account or client
    machine boolean not null,              -- a client
    granted jsonb not null,                -- rights at submission: never exceeded
    ran jsonb,                             -- rights with which the last run began
    inputs json not null,
    outputs json not null,                 -- which are wanted, and how
    reason text not null,
    recipient text not null,
    status text not null check (status in ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    progress smallint not null default 0 check (progress between 0 and 100),
    message text not null default '',
    failure text not null default '',      -- slug of what went wrong
    attempt int not null default 1,        -- the run that may write; a run of another number writes nothing
    crashes int not null default 0,        -- runs whose process died
    lease timestamptz,                     -- until when the run is believed alive
    queued bigint not null default 0,      -- id in river_job of the last attempt
    bytes bigint not null default 0,       -- of the result
    created timestamptz not null,
    started timestamptz,
    updated timestamptz not null,
    finished timestamptz,
    expires timestamptz                    -- when the job and its result are purged; null while it is open
);
create index job_owner on job (owner, machine, created desc, id);
create index job_open on job (status, lease) where status in ('accepted', 'running');
create index job_expires on job (expires) where status in ('successful', 'failed', 'dismissed');

create table job_output (
    job uuid not null,
    attempt int not null,
    ordinal int not null,
    id text not null,                      -- of the output in the process
    media text not null,
    bytes bigint not null,
    primary key (job, attempt, ordinal)
);

-- What the outputs hold, in pieces, so that a large one is neither written nor read at once.
create table job_result (
    job uuid not null,
    attempt int not null,
    ordinal int not null,
    seq int not null,
    data bytea not null,
    primary key (job, attempt, ordinal, seq)
);
alter table job_result alter column data set storage external;

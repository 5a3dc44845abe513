-- Who may see what. People and machines hold roles, each for a set of areas.
create table account_grant (
    account text not null,
    role text not null,
    areas text[] not null,                 -- paths; '{*}' is everywhere
    primary key (account, role)
);
insert into account_grant select name, role, areas from account;
alter table account
    drop column role,
    drop column areas,
    add column issuer text not null default '',    -- of an account that an OpenID provider vouches for; its password is ''
    add column subject text not null default '';
create unique index account_subject on account (issuer, subject) where issuer <> '';

-- Sessions of before had no public id: people log in once more.
drop table session;
create table session (
    token bytea primary key,               -- SHA-256 of the cookie
    id text not null unique,               -- names it in lists; worth nothing as a cookie
    account text not null,
    created timestamptz not null,
    used timestamptz not null,
    expires timestamptz not null,
    address text not null,                 -- where the log-in came from
    agent text not null
);
create index session_account on session (account);

-- Machines.
create table client (
    id text primary key,
    title text not null,
    scopes text[],                         -- tags of operations; null is all
    certificate bytea unique,              -- SHA-256 of the bound certificate in DER; null for none
    disabled boolean not null default false,
    created timestamptz not null
);
create table client_grant (
    client text not null,
    role text not null,
    areas text[] not null,
    primary key (client, role)
);
create table client_key (
    id text primary key,
    client text not null,
    hash bytea not null,                   -- SHA-256 of the key
    created timestamptz not null,
    expires timestamptz not null,
    revoked timestamptz,
    used timestamptz                       -- to about ten minutes
);
create index client_key_client on client_key (client);
create table client_token (
    hash bytea primary key,                -- SHA-256 of the access token
    client text not null,
    key text not null,                     -- by which it was got; '' for the certificate
    scopes text[],
    created timestamptz not null,
    expires timestamptz not null
);
create index client_token_client on client_token (client);

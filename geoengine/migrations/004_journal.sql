-- The journal of who did what, when and why (package journal). Local to the coordinator. Each row is chained to the one
-- before it: hash = sha256(hash before, seq, digest), digest = sha256(salt, payload). Erasure by retention empties the
-- payload and the salt and keeps the chain; the entry that ordered it, numbered by erased_by, proves what was erased.
create table journal (
    seq bigint primary key,                -- from 1, without gaps
    at timestamptz,
    account text,
    machine boolean,
    operation text,
    class text,
    act text,
    reason text,
    reference text,                        -- names the data, never holds them
    recipient text,
    address text,
    outcome text,
    request_id text,
    salt bytea check (length(salt) = 16),
    digest bytea not null check (length(digest) = 32),
    hash bytea not null check (length(hash) = 32),
    erased_by bigint,                      -- seq of the purge; null while the entry is whole
    check (case when erased_by is null
        then num_nulls(at, account, machine, operation, class, act, reason, reference, recipient, address, outcome, request_id, salt) = 0
        else num_nonnulls(at, account, machine, operation, class, act, reason, reference, recipient, address, outcome, request_id, salt) = 0 end)
);
create index journal_at on journal (at, seq);
create index journal_account on journal (account, seq);
create index journal_operation on journal (operation, seq);
create index journal_reference on journal (reference, seq);
create index journal_erased on journal (erased_by, seq) where erased_by is not null;

-- Rows are added and never changed, but for the one way out: a whole entry, which is no purge itself, is emptied by a
-- purge that stands in the journal already. What this cannot stop (a superuser, the owner), the chain tells.
create function journal_unchanging() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.erased_by is null and new.erased_by > old.seq and old.operation <> 'journal-purge'
            and (new.seq, new.digest, new.hash) = (old.seq, old.digest, old.hash)
            and exists (select from journal where seq = new.erased_by and operation = 'journal-purge') then
            return new;
        end if;
    end if;
    raise exception 'the journal is only ever added to: % refused', lower(tg_op) using errcode = 'insufficient_privilege';
end $$;
create trigger journal_unchanging_row before update or delete on journal
    for each row execute function journal_unchanging();
create trigger journal_unchanging_table before truncate on journal
    for each statement execute function journal_unchanging();

revoke all on journal from public;
do $$
begin
    if exists (select from pg_roles where rolname = 'vigie_reader') then
        revoke all on journal from vigie_reader;
    end if;
end $$;

-- What vigie_reader, the role under which every read for a caller runs, may see (docs/adr/005). Whoever owns the tables
-- (imports, the cube, migrations) sees everything. The role itself, and what it may select from, is geoengine/reader.go:
-- roles belong to the whole server, and backups do not hold them.
--
-- A read says in its transaction what its caller may see; a setting that is absent or empty shows nothing:
--   vigie.scope   '*', or LIKE patterns joined by commas: 'fr.76.%' is the area fr.76 with its descendants
--   vigie.open    '*', or a text whose n-th character is 1 if the category numbered n is open
-- No subqueries, which Citus does not run in policies; shards are chosen by zones, which queries pass as parameters.
alter table event enable row level security;
create policy reader on event for select to vigie_reader using (
    (current_setting('vigie.scope', true) = '*'
        or area || '.' like any (string_to_array(current_setting('vigie.scope', true), ',')))
    and (current_setting('vigie.open', true) = '*'
        or substr(current_setting('vigie.open', true), category, 1) = '1'));

alter table event_retracted enable row level security;
create policy reader on event_retracted for select to vigie_reader using (
    (current_setting('vigie.scope', true) = '*'
        or area || '.' like any (string_to_array(current_setting('vigie.scope', true), ',')))
    and (current_setting('vigie.open', true) = '*'
        or substr(current_setting('vigie.open', true), category, 1) = '1'));

alter table unit enable row level security;
create policy reader on unit for select to vigie_reader using (
    current_setting('vigie.scope', true) = '*'
    or area || '.' like any (string_to_array(current_setting('vigie.scope', true), ',')));

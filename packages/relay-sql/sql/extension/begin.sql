\echo Use ":statement" to load this file. \quit
-- :title
-- Made by npx pgrelay extension, from the same files as npx pgrelay migrate. Runs as a superuser, whoever calls it (the extension is
-- trusted), and gives what it makes to pgrelay_owner. No name is looked up in anybody's search_path.
set local search_path = pg_catalog, pg_temp;
set local standard_conforming_strings = on;
set local check_function_bodies = on;
select pg_catalog.pg_advisory_xact_lock(:lock);      -- one migration at a time, also beside npx pgrelay migrate

-- :title
-- Installs or upgrades the schemas below, in one transaction: all of it or nothing. What is there already is left; it may be run
-- again. The login needs CREATEROLE (or the roles made beforehand) and CREATE on the database, and no superuser.
-- With psql: psql --set ON_ERROR_STOP=1 --file this-file.sql
begin;
set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;
set local standard_conforming_strings = on;
select pg_catalog.pg_advisory_xact_lock(:lock);      -- one migration at a time, also beside npx pgrelay migrate
set local lock_timeout = ':lock_timeout';

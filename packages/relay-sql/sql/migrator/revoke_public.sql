-- PUBLIC has nothing in a module's schema; the module's grants.sql, applied next, gives back what each role needs.
revoke all on all routines in schema :schema from public;
revoke all on all tables in schema :schema from public;

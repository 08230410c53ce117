-- The WHEN of a trigger that lets one row of a watch through in each transaction: capture()'s mark, looked at and set
-- with no call of a function of ours. It comes undone with the savepoint that undoes the row. PostgreSQL asks it once for
-- nothing: in a partitioned table that a foreign key refers to, for the UPDATE of a row that moves to another partition;
-- the watch for DELETE, which relation_watches() always has beside it, notes that.
create or replace function pgauto_mv.trigger_when(p_watch_id bigint) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select format('when (case when pg_catalog.current_setting(%1$L, true) = pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text then false '
    'else pg_catalog.set_config(%1$L, pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, true) is not null end)',
    'pgauto_mv.noted_' || p_watch_id)
$$;

-- One entry of register_mv's p_watch_tables: a table, and the operations on it that matter (a list with commas; all by
-- default). The name is read as SQL would read it: quote what needs quotes. register_mv() checks both.
create or replace function pgauto_mv.mv_watch(p_table text, p_events text default 'INSERT,UPDATE,DELETE,TRUNCATE')
returns pgauto_mv.mv_watch_spec
language sql immutable parallel safe
as $$ select row(p_table, p_events)::pgauto_mv.mv_watch_spec $$;

-- After a bulk load: switches the triggers on again and makes every view over the table dirty, once, in the caller's
-- transaction. Whoever wrote the table without its triggers has ended by then: the switch waits for its lock.
-- Errors: PM052 not gated, PM009 a table is busy or a refresh is running, PM010 not its owner.
create or replace function pgauto_mv.ungate_source(source regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgauto_mv.set_triggers(g, true) from (select e from pgauto_mv.end_gate(source) e order by e) x(g);
end $$;

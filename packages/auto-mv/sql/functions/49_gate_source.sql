-- Before a bulk load into a table: switches the triggers of its watches off, on it and on its partitions and children.
-- Until ungate_source() the views over it count as dirty and are refreshed on request only. It is a row of a table, so it
-- outlives the session and a restart, and it is in get_mv_problems(). The caller must own the table. In one transaction
-- with the load, nobody else can write the table meanwhile.
-- Errors: PM050 no view watches it, PM051 gated already, PM009 a table is busy, PM010 not its owner.
-- Locks: the tables as ALTER TABLE … DISABLE TRIGGER does, waiting at most 100 ms for each.
create or replace function pgauto_mv.gate_source(source regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgauto_mv.set_triggers(g, false) from (select b from pgauto_mv.begin_gate(source) b order by b) x(g);
end $$;

-- Notices rows that were written past the triggers, above all by a session with session_replication_role = replica: the
-- server counts more rows written than before, and no watch of the table, or of a parent of it, has fired meanwhile.
-- Makes the views of such a watch dirty. The counters come up to a minute late, and they count what was rolled back, so
-- this is never exact: it refreshes too often rather than too rarely, and a write among others that fired goes unseen,
-- but those have the views refreshed anyway. Watches of some columns are left out, since the counters know no columns, and so
-- are gated tables. Returns how many watches it made the views of dirty; 0 while another looks. Never waits.
create or replace function pgauto_mv.notice_bypass_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_since timestamptz;
  v_watch record;
  v_count bigint := 0;
begin
  select l.looked_at - interval '65 s' into v_since from pgauto_mv.tally_look l for update skip locked;
  if not found then
    return 0;
  end if;
  update pgauto_mv.tally_look l set looked_at = clock_timestamp();
  delete from pgauto_mv.tally t where not exists (select from pgauto_mv.watch w where w.id = t.watch_id);
  for v_watch in
    select c.id, c.relation, c.written, t.written as before
    from (
      select w.id, w.relation, case split_part(w.operation, ' ', 1) when 'INSERT' then pg_stat_get_tuples_inserted(w.relation)
          when 'UPDATE' then pg_stat_get_tuples_updated(w.relation) else pg_stat_get_tuples_deleted(w.relation) end as written
      from pgauto_mv.watch w where w.operation ~ '^(INSERT|UPDATE|DELETE)( FOR EACH ROW)?$') c
    left join pgauto_mv.tally t on t.watch_id = c.id
    where t.written is distinct from c.written
  loop
    if v_watch.written > v_watch.before and not pgauto_mv.is_gated_source(v_watch.relation)
        and not pgauto_mv.has_fired(v_watch.relation, v_since) then
      continue when not pgauto_mv.invalidate_watch(v_watch.id, 'written past its triggers');   -- a refresh runs: next time
      v_count := v_count + 1;
    end if;
    insert into pgauto_mv.tally (watch_id, written) values (v_watch.id, v_watch.written)
      on conflict (watch_id) do update set written = excluded.written;
  end loop;
  return v_count;
end $$;

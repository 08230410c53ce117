-- When sync_mv() runs by itself: an event of the channel pgauto_mv.sync, whose action sends itself the next one. The first
-- registration of a view does this with the defaults, every night. p_spec is a spec as in set_schedule(); NULL: never any more.
-- Error: PR029 no spec, or no zone. Locks: the channels, as register_channel does.
create or replace function pgauto_mv.schedule_sync(p_spec text default '17 3 * * *', p_zone text default 'UTC') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_old bigint := (select s.event_id from pgauto_mv.sync s);
  v_event bigint;
begin
  if p_spec is not null then
    perform pgrelay.check_schedule(p_spec, p_zone);
  end if;
  insert into pgauto_mv.sync as s (spec, zone) values (p_spec, coalesce(p_zone, 'UTC'))
    on conflict (one) do update set spec = excluded.spec, zone = excluded.zone;
  if exists (select from pgrelay.delayed d where d.id = v_old) then
    perform pgrelay.cancel(v_old);
  end if;
  if p_spec is not null then
    perform pgrelay.register_channel('pgauto_mv.sync', 'select pgauto_mv.run_sync()', p_statement_timeout => interval '10 min', p_replace => true);
    v_event := pgrelay.notify('pgauto_mv.sync', p_run_at => pgrelay.next_fire(p_spec, pgrelay.clock_now(), p_zone));
  end if;
  update pgauto_mv.sync s set event_id = v_event;
end $$;

-- Reports what fails for good to the channel's on_failure channel: an event in the same transaction, whatever way the
-- failure took (action, handler, timeout, quarantine). The report says where to look and never holds the payload or the
-- server's words. It is written even while that channel is paused or disabled: a failure is not lost because of it.
create or replace function pgrelay.report_failure() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgrelay.queue (id, channel_id, node, enqueued_at, run_at, payload)
    select nextval('pgrelay.event_id_seq'), c.on_failure, n.id, f.failed_at, f.failed_at,
      json_build_object('event_id', f.id::text, 'channel', f.channel, 'code', f.code, 'sqlstate', f.sqlstate, 'attempt', f.attempt)::text
    from failures f join pgrelay.channel c on c.name = f.channel cross join pgrelay.node n
    where f.reason <> 'channel_dropped' and c.on_failure is not null and n.is_this order by f.failed_at, f.id;
  if found then
    perform pgrelay.hint('');
  end if;
  return null;
end $$;

create or replace trigger report_failure after insert on pgrelay.failed
  referencing new table as failures for each statement execute function pgrelay.report_failure();

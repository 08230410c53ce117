-- Gives a starting Processor the lowest free slot (1 to 64) in a new epoch. PR011 when all 64 are held.
-- Epochs begin anew, higher, on each timeline: a primary that fails may have given one that its standby never heard of, and after the
-- promotion two Processors must not hold the same slot in the same epoch.
create or replace function pgrelay.attach_v1(p_host text, p_pid integer, p_version text, p_lease_ms integer, p_workers integer, p_handlers text[],
  out slot smallint, out epoch bigint, out node smallint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_holders text;
begin
  node := pgrelay.this_node();
  select i.slot, i.epoch + 1 into slot, epoch from pgrelay.instance i where not i.alive order by i.slot limit 1 for update skip locked;
  if not found then
    v_holders := (select string_agg(format('%s: %s pid %s', i.slot, i.host, i.pid), ', ' order by i.slot) from pgrelay.instance i);
    raise exception using errcode = 'PR011', message = 'all 64 slots for Processors are held: ' || v_holders, detail = v_holders,
      hint = 'Stop a Processor; the view pgrelay.processors shows them. A dead one frees its slot within its lease.';
  end if;
  -- Not before the lock, which says on a standby that it takes no writes.
  epoch := greatest(epoch, (('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint - 1) << 32);
  update pgrelay.instance i set epoch = attach_v1.epoch, alive = true, lease = make_interval(secs => p_lease_ms / 1000.0),
      heartbeat_at = pgrelay.clock_now(), started_at = pgrelay.clock_now(), host = p_host, pid = p_pid, version = p_version,
      workers = p_workers, handlers = p_handlers, kinds = '{}', running_channel = null, running_event = null, blocked_since = null, hint_heard = null
    where i.slot = attach_v1.slot;
  delete from pgrelay.instance_backend b where b.slot = attach_v1.slot;
end $$;

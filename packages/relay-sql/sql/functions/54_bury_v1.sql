-- First step of a rescue: declares Processors dead whose heartbeat is older than their lease, and returns the backends
-- they left. Their epoch ends here, so nothing they still send is accepted. Any Processor may call it; there is no leader. They
-- are marked as buried until rescue_v1 has found nothing more of theirs.
create or replace function pgrelay.bury_v1() returns table (slot smallint, host text, host_pid integer, pid integer, backend_start timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with dead as (
      update pgrelay.instance i set alive = false, buried = true
        where i.slot = any (array(select x.slot from pgrelay.instance x
          where x.alive and x.heartbeat_at < pgrelay.clock_now() - x.lease for update skip locked))
        returning i.slot, i.epoch, i.host, i.pid
    ), backends as (
      delete from pgrelay.instance_backend b using dead where b.slot = dead.slot and b.epoch = dead.epoch returning b.*
    )
    select d.slot, d.host, d.pid, b.pid, b.backend_start from dead d left join backends b on b.slot = d.slot;
end $$;

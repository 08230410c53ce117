-- Part of a rescue: looks what calls of run() were at whose slot has ended without their giving it back. The first time, events of
-- that channel are to run one by one; when one was alone already, the loss is counted against it.
create or replace function pgrelay.accuse_runs() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run record;
begin
  for v_run in
    select i.slot, i.epoch, i.running_channel, i.running_event, i.heartbeat_at from pgrelay.instance i
    where not i.alive and i.running_channel is not null order by i.slot for update skip locked
  loop
    update pgrelay.instance i set running_channel = null, running_event = null where i.slot = v_run.slot;
    if v_run.running_event is not null then
      perform pgrelay.count_loss(v_run.slot, v_run.epoch, 0::smallint, v_run.running_event, v_run.heartbeat_at);
    else
      insert into pgrelay.run_suspect (channel_id, events)
        select c.id, 500 from pgrelay.channel c where c.id = v_run.running_channel on conflict do nothing;
    end if;
  end loop;
end $$;

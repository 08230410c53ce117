-- Trigger function of queue and delayed, enabled for replication only. An event that a subscription writes is another node's, but
-- the number in it is what that node calls itself, and each node counts for itself: it may be ours. So it becomes an event
-- of node 0, which is no node's number, held by nobody: no claim here takes it, and get_problems() shows it, until
-- adopt_events(0) makes it ours. What the other node does with it later, up to its end, is replicated likewise.
-- Only what the subscription itself writes: an event that a trigger of a replicated table sends is one of this node, and so is
-- one of a session that set session_replication_role, or of a table whose triggers were all enabled.
create or replace function pgrelay.mark_replicated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('session_replication_role') <> 'replica' or pg_trigger_depth() > 1
    or not exists (select from pg_stat_get_subscription(null) s where s.pid = pg_backend_pid()) then
    return new;
  elsif tg_op = 'INSERT' then
    new.node := 0;
    if tg_table_name = 'queue' then
      new.slot := null;
      new.epoch := null;
      new.worker := null;
      new.claimed_at := null;
      new.permit := null;
    end if;
  elsif tg_table_name = 'queue' then
    update pgrelay.queue q set node = 0, slot = null, epoch = null, worker = null, claimed_at = null, permit = null where q.id = new.id;
  else
    update pgrelay.delayed d set node = 0 where d.id = new.id;
  end if;
  return new;
end $$;

-- Notes that events of debounced channels have ended, those of p_ids that neither wait nor run any more, and has what came meanwhile looked at.
-- Called in the transaction in which they end. What is being collapsed just now is left to unblock_marks().
create or replace function pgrelay.end_debounced(p_ids bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  with ended as materialized (
    select k.channel_id, k.key, coalesce((select b.cooldown from pgrelay.debounce b where b.channel_id = k.channel_id), '0') as cooldown
    from pgrelay.debounce_key k
    where k.running = any (p_ids) and not exists (select from pgrelay.queue q where q.id = k.running)
      and not exists (select from pgrelay.delayed d where d.id = k.running)
  ), forgotten as (
    delete from pgrelay.debounce_key k using ended e where k.channel_id = e.channel_id and k.key = e.key and e.cooldown = interval '0'
  ), noted as (
    update pgrelay.debounce_key k set running = null, done_at = v_now
      from ended e where k.channel_id = e.channel_id and k.key = e.key and e.cooldown > interval '0'
  )
  update pgrelay.delayed d set run_at = v_now where d.ctid = any (array(
    select x.row from ended e cross join lateral (
      select y.ctid as row from pgrelay.delayed y
      where y.first_at is not null and y.channel_id::text || coalesce('=' || y.dedup_key, '') = e.key and y.run_at = 'infinity'
      for no key update skip locked) x));
  if found then
    perform pgrelay.hint('');
  end if;
end $$;

-- Takes one of the turns of a parallel SQL channel that is limited, to the end of the caller's transaction. False: all are taken. Without a limit of
-- its concurrency there are no turns, and none is needed.
create or replace function pgrelay.take_turn(p_channel_id integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_most integer := (select l.concurrency from pgrelay.channel_limit l where l.channel_id = p_channel_id);
begin
  if v_most is null then
    return true;
  end if;
  perform from pgrelay.limit_turn t where t.channel_id = p_channel_id and t.turn <= v_most order by t.turn limit 1 for update skip locked;
  return found;
end $$;

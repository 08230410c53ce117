-- Whether an event of a limited channel may start now, so that one of which none may is not asked for events again and again. The marks are
-- those of the caller. When it cannot tell, since there were too many events to look at, it says yes, and the claim looks on.
create or replace function pgrelay.has_room_v1(
  p_channel_id integer, p_channels integer[] default '{}', p_priorities smallint[] default '{}', p_lows bigint[] default '{}'
) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_keyed boolean;
  v_after text;
  v_place bigint;
begin
  if pgrelay.permits_left(p_channel_id, 1) <= 0 then
    return false;
  end if;
  select l.fifo or l.fair or l.key_concurrency is not null, s.after_key, s.after_place into v_keyed, v_after, v_place
    from pgrelay.channel_limit l join pgrelay.limit_state s on s.channel_id = l.channel_id where l.channel_id = p_channel_id;
  return v_keyed is not true
    or exists (select from pgrelay.free_keys(p_channel_id, v_after, null, 1, 1000) f where f.head is not null or f.walked = 1000)
    or exists (select from pgrelay.free_keys(p_channel_id, '', v_after, 1, 1000) f where f.head is not null or f.walked = 1000)
    or exists (select from pgrelay.free_unkeyed(p_channel_id, 0, 1,
      array(select m.priority from unnest(p_channels, p_priorities) m(channel_id, priority) where m.channel_id = p_channel_id),
      array(select m.low from unnest(p_channels, p_lows) m(channel_id, low) where m.channel_id = p_channel_id)) f where f.head is not null or f.next_place > 0);
end $$;

-- The whole empty check of a Processor: moves what is due, then says which channels have work (ready_channels) and when the next
-- delayed event is due. Cheap when there is nothing to do, however much is delayed or logged, and however many dead rows lie
-- below the low-water marks. A look (look_v1) does the same, and more.
create or replace function pgrelay.poll_v1(
  p_handler_channels integer[], p_channels integer[] default '{}', p_priorities smallint[] default '{}', p_lows bigint[] default '{}',
  p_promote integer default 1000
)
returns table (channel_id integer, channel text, kind text, parallel boolean, timeout_ms double precision, next_due_ms double precision)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_next double precision := pgrelay.promote_v1(p_promote);
begin
  if exists (select from pgrelay.channel c where c.expire_after is not null) then
    perform pgrelay.expire_soon(p_channels, p_priorities, p_lows);
  end if;
  return query select r.channel_id, r.channel, r.kind, r.parallel, r.timeout_ms, v_next from pgrelay.ready_channels(p_handler_channels, p_channels, p_priorities, p_lows) r;
  if not found then
    return query select null::integer, null::text, null::text, null::boolean, null::double precision, v_next;
  end if;
end $$;

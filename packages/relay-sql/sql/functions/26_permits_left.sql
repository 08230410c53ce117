-- How many events of a limited channel may start now, as far as its concurrency and its rate go: at most p_limit. What runs is read from the rows
-- that hold a permit, from the lowest live one on, so that dead rows below it are not read; coalesce keeps the
-- index of claimed rows out. Of a SQL channel only the rate is asked: its
-- batches hold turns. Right for a claim when the caller has locked the channel's row in limit_state in an earlier statement.
create or replace function pgrelay.permits_left(p_channel_id integer, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_concurrency integer;
  v_low bigint;
  v_rate boolean;
  v_left integer := p_limit;
begin
  select case when c.kind <> 'sql' then l.concurrency end, s.low_permit, l.rate is not null into v_concurrency, v_low, v_rate
    from pgrelay.channel_limit l join pgrelay.limit_state s on s.channel_id = l.channel_id join pgrelay.channel c on c.id = l.channel_id
    where l.channel_id = p_channel_id;
  if v_concurrency is not null then
    v_left := least(v_left, v_concurrency - (
      select count(*) from pgrelay.queue q where q.channel_id = p_channel_id and q.permit >= v_low and coalesce(q.slot, 0::smallint) > 0));
  end if;
  if v_rate and v_left > 0 then
    v_left := least(v_left, (select r.room from pgrelay.rate_room(p_channel_id) r));
  end if;
  return v_left;
end $$;

-- In how many ms the next event may start of a channel whose rate is used up; NULL when there is no such channel.
create or replace function pgrelay.next_start_ms() returns double precision
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select min(extract(epoch from r.next_at - pgrelay.clock_now())) * 1000
    from pgrelay.channel_limit l join pgrelay.channel c on c.id = l.channel_id cross join lateral pgrelay.rate_room(l.channel_id) r
    where l.rate is not null and c.state = 'active' and r.next_at > pgrelay.clock_now());
end $$;

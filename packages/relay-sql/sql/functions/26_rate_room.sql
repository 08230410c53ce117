-- How many events of a channel with a rate may start now, and when the next one may if none may now; both NULL without a rate. A start
-- counts for one period, so that no period of that length has more, wherever it begins. A start that is more than a
-- period in the future is forgotten: the clock has been set back.
create or replace function pgrelay.rate_room(p_channel_id integer, out room integer, out next_at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  select greatest(l.rate - coalesce(sum(x.n), 0), 0)::integer, min(x.at + l.rate_period) filter (where x.since >= l.rate and x.newer < l.rate)
    into room, next_at
    from pgrelay.channel_limit l
    left join lateral (
      select b.at, b.n, sum(b.n) over (order by b.at desc) as since, sum(b.n) over (order by b.at desc) - b.n as newer
      from (select u.at, u.n from pgrelay.limit_state s, unnest(s.started_at, s.started) u(at, n) where s.channel_id = p_channel_id) b
      where b.at > v_now - l.rate_period and b.at <= v_now + l.rate_period) x on true
    where l.channel_id = p_channel_id and l.rate is not null
    group by l.rate;
end $$;

-- Counts starts of a channel with a rate, whose row in limit_state the caller has locked, as of now: not earlier than they were, or a period could
-- have more. They are gathered in hundredths of the period, each at its latest, so that the row stays small.
create or replace function pgrelay.note_starts(p_channel_id integer, p_count integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  update pgrelay.limit_state s set (started_at, started) = (
    select array_agg(x.at order by x.at), array_agg(x.n order by x.at) from (
      select max(b.at) as at, sum(b.n)::integer as n
      from unnest(s.started_at || v_now, s.started || p_count) b(at, n)
      where b.at > v_now - l.rate_period and b.at <= v_now + l.rate_period
      group by floor(extract(epoch from b.at) / extract(epoch from l.rate_period) * 100)) x)
    from pgrelay.channel_limit l where l.channel_id = s.channel_id and l.rate is not null and s.channel_id = p_channel_id;
end $$;

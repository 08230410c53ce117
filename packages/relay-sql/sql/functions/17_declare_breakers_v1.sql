-- What a Processor calls for its handlers when it starts: gives their channels the breakers of their definitions, and takes away
-- those that an earlier definition had. What set_breaker() has set is left alone. An element of p_breakers is NULL, or
-- {failures, share, periodMs, least, pauseMs, maxPauseMs}, each optional.
create or replace function pgrelay.declare_breakers_v1(p_names text[], p_breakers jsonb[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_one record;
begin
  for v_one in
    select c.id, c.name, x.breaker, b.channel_id is not null as has from unnest(p_names, p_breakers) x(name, breaker)
    join pgrelay.channel c on c.name = x.name and c.kind = 'handler' left join pgrelay.breaker b on b.channel_id = c.id
    where coalesce(b.declared, true) order by c.id
  loop
    if v_one.breaker is not null then
      perform pgrelay.put_breaker(v_one.id, (v_one.breaker ->> 'failures')::integer, (v_one.breaker ->> 'share')::double precision,
        make_interval(secs => (v_one.breaker ->> 'periodMs')::double precision / 1000), (v_one.breaker ->> 'least')::integer,
        make_interval(secs => (v_one.breaker ->> 'pauseMs')::double precision / 1000),
        make_interval(secs => (v_one.breaker ->> 'maxPauseMs')::double precision / 1000), true);
    elsif v_one.has then
      perform pgrelay.unset_breaker(v_one.name);
    end if;
  end loop;
end $$;

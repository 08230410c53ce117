-- What a Processor calls for its handlers when it starts: gives their channels the limits of their definitions, and takes away those that
-- an earlier definition had. What set_limits() has set is left alone. An element of p_limits is NULL, or {concurrency,
-- keyConcurrency, fifo, fair, rate, ratePeriodMs}, each optional.
create or replace function pgrelay.declare_limits_v1(p_names text[], p_limits jsonb[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_one record;
begin
  for v_one in
    select c.id, c.name, x.limits, l.channel_id is not null as has from unnest(p_names, p_limits) x(name, limits)
    join pgrelay.channel c on c.name = x.name and c.kind = 'handler' left join pgrelay.channel_limit l on l.channel_id = c.id
    where coalesce(l.declared, true) order by c.id
  loop
    if v_one.limits is not null then
      perform pgrelay.put_limits(v_one.id, (v_one.limits ->> 'concurrency')::integer, (v_one.limits ->> 'keyConcurrency')::integer,
        (v_one.limits ->> 'fifo')::boolean, (v_one.limits ->> 'fair')::boolean, (v_one.limits ->> 'rate')::integer,
        make_interval(secs => (v_one.limits ->> 'ratePeriodMs')::double precision / 1000), true);
    elsif v_one.has then
      perform pgrelay.unset_limits(v_one.name);
    end if;
  end loop;
end $$;

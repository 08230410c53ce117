-- What a Processor calls for its handlers when it starts: debounces their channels as their definitions say, and no more those that an earlier
-- definition did. What set_debounce() has set is left alone. An element of p_debounces is NULL, or {lagMs, maxWaitMs, cooldownMs}, the
-- latter two optional.
create or replace function pgrelay.declare_debounces_v1(p_names text[], p_debounces jsonb[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_one record;
begin
  for v_one in
    select c.id, c.name, x.debounce, b.channel_id is not null as has from unnest(p_names, p_debounces) x(name, debounce)
    join pgrelay.channel c on c.name = x.name and c.kind = 'handler' left join pgrelay.debounce b on b.channel_id = c.id
    where coalesce(b.declared, true) order by c.id
  loop
    if v_one.debounce is not null then
      perform pgrelay.put_debounce(v_one.id, make_interval(secs => (v_one.debounce ->> 'lagMs')::double precision / 1000),
        make_interval(secs => coalesce((v_one.debounce ->> 'maxWaitMs')::double precision, 0) / 1000),
        make_interval(secs => coalesce((v_one.debounce ->> 'cooldownMs')::double precision, 0) / 1000), true);
    elsif v_one.has then
      perform pgrelay.unset_debounce(v_one.name);
    end if;
  end loop;
end $$;

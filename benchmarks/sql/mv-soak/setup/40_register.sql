-- Registers all thirty: what to watch is found from the query, but for one that says it.
create function soak.register() returns void
language plpgsql
as $$
declare
  v_view regclass;
begin
  for v_view in
    select c.oid from pg_class c where c.relnamespace = 'soak'::regnamespace and c.relkind = 'm' order by c.relname
  loop
    if v_view = 'soak.v02'::regclass then
      perform pgauto_mv.register_mv('v02', 'soak', array[pgauto_mv.mv_watch('soak.t2')], p_cooldown => 0.2);
    else
      perform pgauto_mv.register_mv(v_view, p_cooldown => 0.2);
    end if;
  end loop;
end $$;

-- Asks for a refresh of any of them, as a user does.
create function soak.ask(p_n integer) returns void
language plpgsql
as $$
declare
  v_view regclass;
begin
  select m.view into v_view from pgauto_mv.mv m order by m.id offset p_n % 30 limit 1;
  perform pgauto_mv.refresh_materialised_view_now(v_view);
end $$;

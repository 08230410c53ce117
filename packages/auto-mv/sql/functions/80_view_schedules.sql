-- The schedules that views share: when each fires next, and for which views.
create or replace view pgauto_mv.schedules as
select c.name, c.spec, c.zone, pgrelay.next_fire(c.spec, pgrelay.clock_now(), c.zone) as next_fire_at,
  array(select pg_catalog.format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m where m.schedule = c.name order by 1) as views,
  c.set_by, c.set_at
from pgauto_mv.schedule c;

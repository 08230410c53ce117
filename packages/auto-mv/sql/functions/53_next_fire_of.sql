-- The first time after the present at which a schedule fires: as another view of the same schedule has it already, since a
-- time that one of them has ahead is ahead of all; else calculated. So a schedule that many views share costs little.
create or replace function pgauto_mv.next_fire_of(p_spec text, p_zone text, p_now timestamptz) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select o.fire_at from pgauto_mv.observation o where o.fire_at > p_now and o.fire_spec = p_spec and o.fire_zone = p_zone limit 1),
    pgrelay.next_fire(p_spec, p_now, p_zone))
$$;

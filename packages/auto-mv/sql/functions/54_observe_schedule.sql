-- Brings what the planner knows of a view's schedule up to date: fire_at is its next time; when that has come it is noted
-- in fired_at, until a refresh that began since is done (p_began: when the last one began). Times that nobody looked at are
-- one, the last of them: then fired_at is the present. When the schedule is another one now, both begin anew. One that never
-- fires, or is none any more, has no fire_at, and get_mv_problems() says so.
create or replace function pgauto_mv.observe_schedule(
  p_schedule text, p_began timestamptz, p_observation pgauto_mv.observation, p_now timestamptz
) returns pgauto_mv.observation
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_o pgauto_mv.observation := p_observation;
  v_spec text;
  v_zone text;
begin
  select coalesce(max(c.spec), p_schedule), coalesce(max(c.zone), case when p_schedule is not null then 'UTC' end) into v_spec, v_zone
    from pgauto_mv.schedule c where c.name = p_schedule;
  begin
    if (v_spec, v_zone) is distinct from (v_o.fire_spec, v_o.fire_zone) then
      v_o.fire_spec := v_spec;
      v_o.fire_zone := v_zone;
      v_o.fired_at := null;
      v_o.fire_at := null;
      if v_spec is not null then
        v_o.fire_at := pgauto_mv.next_fire_of(v_spec, v_zone, p_now);
      end if;
    elsif v_o.fire_at <= p_now then
      v_o.fired_at := case when p_now - v_o.fire_at >= interval '1 s' and pgrelay.next_fire(v_spec, v_o.fire_at, v_zone) <= p_now
        then p_now else v_o.fire_at end;                 -- within a second no schedule fires twice
      v_o.fire_at := pgauto_mv.next_fire_of(v_spec, v_zone, p_now);
    end if;
  exception when sqlstate 'PR029' or invalid_parameter_value then
    v_o.fire_at := null;
  end;
  if v_o.fired_at <= p_began then
    v_o.fired_at := null;
  end if;
  return v_o;
end $$;

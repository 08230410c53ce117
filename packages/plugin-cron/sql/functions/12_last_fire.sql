-- The last time before p_before at which a spec fires, when it is known to fire at p_known, which is before. Halves what is
-- between, since next_fire only looks ahead: some 30 looks for a year.
create or replace function pgrelay_cron.last_fire(p_spec text, p_known timestamptz, p_before timestamptz, p_zone text, p_start timestamptz) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_low timestamptz := p_known;
  v_high timestamptz := p_before;
  v_middle timestamptz;
  v_next timestamptz;
begin
  while v_high - v_low > interval '1 second' loop
    v_middle := v_low + (v_high - v_low) / 2;
    v_next := pgrelay_cron.next_fire(p_spec, v_middle, p_zone, p_start);
    if v_next < p_before then
      v_low := v_next;
    else
      v_high := v_middle;
    end if;
  end loop;
  v_next := pgrelay_cron.next_fire(p_spec, v_low, p_zone, p_start);
  return case when v_next < p_before then v_next else v_low end;
end $$;

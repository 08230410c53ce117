-- Tells a channel's breaker how attempts ended, in their order: true, false, or NULL for an end that says nothing. Opens it, closes
-- it, or counts. While it is open, what had started before says nothing: only the probe does. Writes only when
-- something changes. A closed breaker that another is just counting in is left to it, so that nobody waits here; an open one
-- is waited for, since the probe's end must not get lost.
create or replace function pgrelay.note_attempts(p_channel_id integer, p_ids bigint[], p_verdicts boolean[]) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_breaker pgrelay.breaker;
  v_verdicts boolean[];
  v_last_good integer;
begin
  select b.* into v_breaker from pgrelay.breaker b where b.channel_id = p_channel_id;
  if not found then
    return null;
  elsif v_breaker.open_until is not null then
    select b.* into v_breaker from pgrelay.breaker b where b.channel_id = p_channel_id for update;
  elsif v_breaker.share is null and v_breaker.in_a_row = 0 and (false = any (p_verdicts)) is not true then
    return true;
  else
    select b.* into v_breaker from pgrelay.breaker b where b.channel_id = p_channel_id for update skip locked;
    if not found then
      return null;
    end if;
  end if;

  v_verdicts := array(select x.good from unnest(p_ids, p_verdicts) with ordinality x(id, good, place)
    where x.good is not null and (v_breaker.open_until is null or v_breaker.open_until <= v_now or x.id = v_breaker.probe) order by x.place);
  if cardinality(v_verdicts) = 0 then
    return v_breaker.open_until is null;
  end if;
  v_last_good := coalesce((select max(x.place) from unnest(v_verdicts) with ordinality x(good, place) where x.good), 0);

  if v_breaker.open_until is not null then
    if v_last_good = 0 then
      return pgrelay.open_breaker(p_channel_id);
    end if;
    update pgrelay.breaker b set open_until = null, opened_at = null, opened = 0, probe = null where b.channel_id = p_channel_id;
    perform pgrelay.hint('');
    return true;
  end if;

  v_breaker.in_a_row := cardinality(v_verdicts) - v_last_good + case when v_last_good = 0 then v_breaker.in_a_row else 0 end;
  if v_breaker.share is not null then
    if (v_now < v_breaker.period_from + v_breaker.period) is not true then
      v_breaker.period_from := v_now;
      v_breaker.attempts := 0;
      v_breaker.bad := 0;
    end if;
    v_breaker.attempts := v_breaker.attempts + cardinality(v_verdicts);
    v_breaker.bad := v_breaker.bad + (select count(*) from unnest(v_verdicts) x(good) where not x.good);
  end if;
  if v_breaker.in_a_row >= v_breaker.failures
      or (v_breaker.attempts >= v_breaker.least and v_breaker.bad >= v_breaker.share * v_breaker.attempts and false = any (v_verdicts)) then
    return pgrelay.open_breaker(p_channel_id);
  end if;
  update pgrelay.breaker b set in_a_row = v_breaker.in_a_row, period_from = v_breaker.period_from, attempts = v_breaker.attempts, bad = v_breaker.bad
    where b.channel_id = p_channel_id;
  return true;
end $$;

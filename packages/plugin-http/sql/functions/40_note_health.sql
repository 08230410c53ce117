-- Takes the ends of attempts at one endpoint into account, in their order: counts failures in a row, alerts when they are as many
-- as the endpoint says and when they are over, and pauses the channel of an endpoint that is gone (410). notify() still
-- succeeds then, and its events wait. Locks the endpoint's row of health.
create or replace function pgrelay_http.note_health(p_channel_id integer, p_codes text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_health pgrelay_http.health;
  v_last_good integer := coalesce((select max(x.place) from unnest(p_codes) with ordinality x(code, place) where x.code is null), 0);
  v_failed integer := cardinality(p_codes) - v_last_good;
  v_alert_after integer := (select e.alert_after from pgrelay_http.endpoint e where e.channel_id = p_channel_id);
begin
  insert into pgrelay_http.health (channel_id) values (p_channel_id) on conflict do nothing;
  select h.* into v_health from pgrelay_http.health h where h.channel_id = p_channel_id for update;
  if v_last_good > 0 then
    if v_health.alerted_at is not null then
      v_health.alert_problem := pgrelay_http.alert(p_channel_id, 'recovered', v_health);
    end if;
    v_health.failing := 0;
    v_health.failing_since := null;
    v_health.alerted_at := null;
    v_health.gone_at := null;
    v_health.last_code := null;
  end if;
  if v_failed > 0 then
    v_health.failing := v_health.failing + v_failed;
    v_health.failing_since := coalesce(v_health.failing_since, pgrelay.clock_now());
    v_health.last_code := p_codes[cardinality(p_codes)];
    if 'http_410' = any (p_codes) and v_health.gone_at is null then
      v_health.gone_at := pgrelay.clock_now();
      v_health.alert_problem := pgrelay_http.alert(p_channel_id, 'gone', v_health);
    elsif v_health.failing >= v_alert_after and v_health.alerted_at is null then
      v_health.alert_problem := pgrelay_http.alert(p_channel_id, 'failing', v_health);
      v_health.alerted_at := pgrelay.clock_now();
    end if;
    if 'http_410' = any (p_codes) then
      perform pgrelay.set_channel_state(c.name, 'paused') from pgrelay.channel c where c.id = p_channel_id and c.state = 'active';
    end if;
  end if;
  update pgrelay_http.health h set failing = v_health.failing, failing_since = v_health.failing_since, last_code = v_health.last_code,
      alerted_at = v_health.alerted_at, alert_problem = v_health.alert_problem, gone_at = v_health.gone_at
    where h.channel_id = p_channel_id;
end $$;

-- The action of the SQL channels: one effect, and what the payload asks for. A failing action makes its effect first, so that
-- one that is not undone shows.
create function faults.apply(p_payload text) returns void language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_do text := p_payload::jsonb ->> 'do';
  v_event pgrelay.event_context := pgrelay.current_event();
begin
  insert into faults.effect (event_id, attempt, how) values (v_event.id, v_event.attempt, 'sql');
  if v_do = 'conflict' and v_event.attempt = 1 then
    raise exception using errcode = '40001', message = 'asked for a conflict';
  elsif v_do = 'fail' then
    raise exception 'asked to fail';
  elsif v_do = 'slow' then
    perform pg_sleep(600);
  end if;
end $$;

-- The action of the channel of children. One whose sender died before it could note the child is noted here.
create function faults.apply_child(p_payload text) returns void language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_event pgrelay.event_context := pgrelay.current_event();
begin
  insert into faults.effect (event_id, attempt, how) values (v_event.id, v_event.attempt, 'sql');
  insert into faults.event (id, channel, kind, expected, parent)
    values (v_event.id, v_event.channel, 'transactional', 'done', (p_payload::jsonb ->> 'parent')::bigint) on conflict do nothing;
end $$;

-- Records that an effect of an event was made, and its result; returns what is recorded. It asks for no fence: the effect
-- is a fact, whoever made it, and another Processor that runs the event by now is better off knowing it. The first
-- record stands.
create or replace function pgrelay.record_effect_v1(p_event_id bigint, p_name text, p_result jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgrelay.effect (event_id, name, result, at) values (p_event_id, p_name, p_result, pgrelay.clock_now()) on conflict do nothing;
  return (select e.result from pgrelay.effect e where e.event_id = p_event_id and e.name = p_name);
end $$;

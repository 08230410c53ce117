-- Refuses a body template that cannot be filled in (PH003). It is JSON; {{payload}}, {{payload.a.b}}, {{payload.0}}, {{event.id}},
-- {{event.channel}}, {{event.enqueued_at}} and {{event.dedup_key}} in its strings stand for values, and not in its names.
create or replace function pgrelay_http.check_template(p_channel text, p_template jsonb) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_hole constant text := '\{\{ *(payload(\.[^.{}[:space:]]+)*|event\.(id|channel|enqueued_at|dedup_key)) *\}\}';
begin
  if exists (select from jsonb_path_query(p_template, 'strict $.** ? (@.type() == "string")') t(value)
        where regexp_replace(t.value #>> '{}', v_hole, '', 'g') ~ '\{\{|\}\}')
      or exists (select from jsonb_path_query(p_template, 'strict $.** ? (@.type() == "object").keyvalue().key') k(name)
        where k.name #>> '{}' ~ '\{\{|\}\}') then
    raise exception using errcode = 'PH003', message = format('the body template of channel %L has something in {{ }} that it cannot fill in', p_channel),
      hint = 'Strings may hold {{payload}}, {{payload.name.0}}, {{event.id}}, {{event.channel}}, {{event.enqueued_at}} and {{event.dedup_key}}; names may not.';
  end if;
end $$;

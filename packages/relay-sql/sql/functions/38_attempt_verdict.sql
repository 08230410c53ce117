-- What the end of a handler's attempt says about the target of its channel: true, it works; false, it does not; NULL, nothing.
create or replace function pgrelay.attempt_verdict(p_asked text, p_error jsonb) returns boolean
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_asked = 'snoozed' or p_error ->> 'code' in ('payload_not_json', 'payload_invalid', 'settlement_refused') then null
    when p_asked = 'error' then p_error ->> 'status' like '4__' and p_error ->> 'status' not in ('408', '425', '429') and p_error ->> 'status' is not null
    else p_asked <> 'retried' end
$$;

-- Refuses headers that cannot be sent (PH002): the names of HTTP tokens, values of one line. No value is quoted: it may be a secret.
create or replace function pgrelay_http.check_headers(p_channel text, p_headers jsonb) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_one record;
begin
  if jsonb_typeof(p_headers) is distinct from 'object' then
    raise exception using errcode = 'PH002', message = format('the headers of channel %L are no JSON object', p_channel),
      hint = 'For example ''{"authorization": "Bearer …"}''.';
  end if;
  for v_one in select h.key, h.value from jsonb_each(p_headers) h loop
    if v_one.key !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' or jsonb_typeof(v_one.value) <> 'string'
        or v_one.value #>> '{}' !~ '^[\u0009\u0020-\u007e\u0080-\u00ff]*$'
        or lower(v_one.key) in ('connection', 'content-length', 'expect', 'host', 'keep-alive', 'transfer-encoding', 'upgrade',
          'accept-encoding', 'webhook-id', 'webhook-timestamp', 'webhook-signature') then
      raise exception using errcode = 'PH002', message = format('header %L of channel %L cannot be sent', v_one.key, p_channel),
        hint = 'Names are HTTP tokens, values are visible Latin-1 text on one line; the plugin sets webhook-… and HTTP its own.';
    end if;
  end loop;
end $$;

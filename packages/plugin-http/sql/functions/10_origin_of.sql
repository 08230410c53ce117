-- The origin of a URL that events can go to; PH001 for one that cannot work. It is never quoted: it may hold a secret.
create or replace function pgrelay_http.origin_of(p_channel text, p_url text) returns text
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_parts text[] := regexp_match(p_url, '^(https?)://([^/?#\\@[:space:][:cntrl:]]+)([/?#][^[:space:][:cntrl:]]*)?$', 'i');
begin
  if v_parts is null or v_parts[2] !~ '^(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:[0-9]{1,5})?$' then
    raise exception using errcode = 'PH001', message = format('the URL of channel %L is not one that events can be sent to', p_channel),
      hint = 'An absolute URL such as https://example.com/hooks, without a user and password, spaces and control characters.';
  end if;
  return lower(v_parts[1] || '://' || v_parts[2]);
end $$;

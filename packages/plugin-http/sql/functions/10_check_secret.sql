-- Refuses what nothing can be signed with (PH004). It is never quoted.
create or replace function pgrelay_http.check_secret(p_channel text, p_secret text) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_octets integer;
begin
  if p_secret ~ '^env:[A-Za-z_][A-Za-z0-9_]*$' then
    return;
  elsif p_secret ~ '^(whsec|whsk)_[A-Za-z0-9+/]+={0,2}$' then
    begin
      v_octets := octet_length(decode(substr(p_secret, strpos(p_secret, '_') + 1), 'base64'));
    exception when others then
      v_octets := 0;
    end;
    if (p_secret like 'whsec%' and v_octets between 24 and 64) or (p_secret like 'whsk%' and v_octets in (32, 64)) then
      return;
    end if;
  end if;
  raise exception using errcode = 'PH004', message = format('a secret of channel %L cannot be used', p_channel),
    hint = 'whsec_ and 24 to 64 octets as base64 (HMAC-SHA256), whsk_ and the 32 octets of an ed25519 key, or env:NAME of the Processor''s environment.';
end $$;

-- Raises PR004 unless the text is something that a retry rule can match.
create or replace function pgrelay.check_match(p_match text) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_match ~ '^(any|sqlstate:([0-9A-Z]{2}|[0-9A-Z]{5})|(code|error):[^[:cntrl:]]{1,100}|http:[1-5]([0-9]{2}|xx))$') is not true then
    raise exception using errcode = 'PR004', message = format('p_match %L is nothing that a retry rule can match', left(p_match, 120)),
      hint = 'Examples: sqlstate:40001, sqlstate:40, http:429, http:5xx, code:handler_timeout, code:ECONNRESET, error:TypeError, any.';
  end if;
end $$;

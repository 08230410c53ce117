-- Notes, of the events that this transaction sends from here on, the transaction, the application_name and a W3C traceparent (NULL: none),
-- for lineage() and for the handlers that run them. PR004 for what is no traceparent. alter role … set pgrelay.event = ',' notes the
-- first two of everything that a role sends.
create or replace function pgrelay.trace(p_traceparent text default null) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if p_traceparent !~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then
    raise exception using errcode = 'PR004', message = 'the traceparent is not of the form of W3C Trace Context',
      hint = 'It looks like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.';
  end if;
  perform set_config('pgrelay.event', coalesce(substring(current_setting('pgrelay.event', true) from '^[0-9]{1,18}'), '') || ',' || coalesce(p_traceparent, ''), true);
end $$;

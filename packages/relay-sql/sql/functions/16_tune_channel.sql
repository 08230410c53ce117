-- Changes how a channel runs its action, and not what it is: NULL stays. p_parallel is of SQL channels only. The next claim goes by
-- it. Errors: PR001 the channel is not registered, PR004 a value that cannot work.
create or replace function pgrelay.tune_channel(p_name text, p_statement_timeout interval default null, p_parallel boolean default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind text;
begin
  if not p_statement_timeout between interval '1 millisecond' and interval '24 days' then
    raise exception using errcode = 'PR004',
      message = format('statement timeout %s of channel %L is not between 1 millisecond and 24 days', p_statement_timeout, p_name),
      hint = 'Give an interval such as ''30 seconds''.';
  end if;
  update pgrelay.channel c set statement_timeout = coalesce(p_statement_timeout, c.statement_timeout),
      parallel = case c.kind when 'sql' then coalesce(p_parallel, c.parallel) else c.parallel end
    where c.name = p_name returning c.kind into v_kind;
  if v_kind is null then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_name),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
  perform pgrelay.announce_channels();
end $$;

-- Debounces a channel, or changes how. Raises PR004 for times that cannot work. For set_debounce and declare_debounces_v1, which have the
-- meaning of the settings.
create or replace function pgrelay.put_debounce(p_channel_id integer, p_lag interval, p_max_wait interval, p_cooldown interval, p_declared boolean)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  select format('%s is %s', w.name, coalesce(w.value::text, 'NULL')) into v_wrong
    from (values ('p_lag', p_lag), ('p_max_wait', p_max_wait), ('p_cooldown', p_cooldown)) w(name, value)
    where (w.value between interval '0' and interval '366 days') is not true limit 1;
  if found then
    raise exception using errcode = 'PR004', message = v_wrong, hint = 'Give intervals from 0 to 366 days; p_max_wait => ''0'' means no maximum.';
  elsif p_lag = interval '0' and p_cooldown = interval '0' then
    raise exception using errcode = 'PR004', message = 'p_lag and p_cooldown are both 0', hint = 'Nothing would collapse: give one of them.';
  end if;
  update pgrelay.channel c set debounced = true where c.id = p_channel_id and not c.debounced;      -- first: keeps drop_channel() away
  insert into pgrelay.debounce as b (channel_id, lag, max_wait, cooldown, declared) values (p_channel_id, p_lag, p_max_wait, p_cooldown, p_declared)
    on conflict (channel_id) do update set lag = excluded.lag, max_wait = excluded.max_wait, cooldown = excluded.cooldown, declared = excluded.declared
      where (b.lag, b.max_wait, b.cooldown, b.declared) is distinct from (excluded.lag, excluded.max_wait, excluded.cooldown, excluded.declared);
  if found then
    perform pgrelay.hasten_marks(p_channel_id);
  end if;
end $$;

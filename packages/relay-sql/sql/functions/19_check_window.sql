-- Refuses (PR004) a dedup window that cannot work.
create or replace function pgrelay.check_window(p_dedup_key text, p_dedup_window interval) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if p_dedup_key is null then
    raise exception using errcode = 'PR004', message = 'p_dedup_window is given without p_dedup_key', hint = 'The window says how long the key is kept.';
  elsif not (p_dedup_window > interval '0' and p_dedup_window <= interval '366 days') then
    raise exception using errcode = 'PR004', message = format('p_dedup_window is %s', p_dedup_window),
      hint = 'Give an interval above 0 and at most 366 days, or NULL: the key is free again when its event starts.';
  end if;
end $$;

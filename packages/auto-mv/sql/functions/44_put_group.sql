-- Records a group, or (it is there) what is not NULL of it. Returns its id.
-- Errors: PM008 p_max_duration, PM120 the name cannot be one, or is taken (p_new).
create or replace function pgauto_mv.put_group(p_name text, p_plain boolean, p_max_duration interval, p_new boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  perform pgauto_mv.lock_registry();
  if coalesce(btrim(p_name), '') = '' or octet_length(p_name) > 195 or p_name ~ '[[:cntrl:]]' then
    raise exception using errcode = 'PM120', message = 'the name of a group has 1 to 195 bytes, none of them a control character, and is not blank',
      hint = 'For example pgauto_mv.create_group(''sales'', array[''shop.daily'', ''shop.total'']::regclass[]).';
  elsif p_max_duration <= interval '0' or p_max_duration > interval '1 day' then
    raise exception using errcode = 'PM008', message = 'p_max_duration is not between 0 and a day',
      hint = 'How long the transaction of the group may take before get_mv_problems() calls it too expensive; the default is 60 s.';
  end if;
  select g.id into v_id from pgauto_mv.mv_group g where g.name = p_name;
  if v_id is not null and p_new then
    raise exception using errcode = 'PM120', message = format('there is a group %L already', p_name),
      hint = 'Change it with pgauto_mv.alter_group(), or give another name.';
  elsif p_new then
    insert into pgauto_mv.mv_group (name, plain, max_duration) values (p_name, coalesce(p_plain, false), coalesce(p_max_duration, '60 s')) returning id into v_id;
  else
    v_id := pgauto_mv.find_group(p_name);
    update pgauto_mv.mv_group g set plain = coalesce(p_plain, g.plain), max_duration = coalesce(p_max_duration, g.max_duration)
      where g.id = v_id;
  end if;
  return v_id;
end $$;

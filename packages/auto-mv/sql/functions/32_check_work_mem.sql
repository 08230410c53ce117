-- Refuses what is no amount of memory for work_mem, by trying it; the function's own SET puts the value back.
-- Error: PM041.
create or replace function pgauto_mv.check_work_mem(p_work_mem text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set work_mem = '4MB'
as $$
begin
  if p_work_mem is not null then
    perform set_config('work_mem', p_work_mem, true);
  end if;
exception when invalid_parameter_value then
  raise exception using errcode = 'PM041', message = format('p_work_mem is %L, which work_mem does not take', p_work_mem),
    hint = 'For example ''64MB''; at least 64kB.';
end $$;

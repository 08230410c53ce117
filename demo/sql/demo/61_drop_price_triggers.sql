-- Sabotage, for --break: takes the triggers off public.products, so that a new price goes unnoticed. Returns how many.
create or replace function demo.drop_price_triggers() returns integer
language plpgsql volatile
as $$
declare
  v_trigger record;
  v_dropped integer := 0;
begin
  for v_trigger in select t.tgname from pg_trigger t where t.tgrelid = 'public.products'::regclass and not t.tgisinternal loop
    execute format('drop trigger %I on public.products', v_trigger.tgname);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end $$;

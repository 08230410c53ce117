-- Registers the three views; what to watch is found from their queries.
create or replace function soak.register() returns void
language plpgsql
as $$
declare
  v_view regclass;
begin
  foreach v_view in array array['public.sales_by_genre_month', 'public.customers_by_value', 'public.playlist_popularity']::regclass[] loop
    perform pgauto_mv.register_mv(v_view, p_refresh_lag => 0.1, p_max_wait => 0.5, p_cooldown => 0.2);
  end loop;
end $$;

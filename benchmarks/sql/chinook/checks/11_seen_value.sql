-- What the view shows for the key of own_value.
create or replace function soak.seen_value(p_view text, p_key integer) returns text
language sql volatile
as $$
  select case p_view
    when 'sales_by_genre_month' then (
      select concat_ws('|', sum(v.lines), sum(v.sold), sum(v.revenue)) from public.sales_by_genre_month v
      where v.month = (date '2000-01-01' + p_key * interval '1 month')::date)
    when 'customers_by_value' then (
      select concat_ws('|', v.last_name, v.invoices, v.spent) from public.customers_by_value v where v.customer_id = p_key)
    when 'playlist_popularity' then (
      select concat_ws('|', v.name, v.tracks) from public.playlist_popularity v where v.playlist_id = p_key)
  end
$$;

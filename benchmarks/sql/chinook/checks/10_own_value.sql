-- What one key of a view should show, computed from the tables in the transaction that asks.
--   sales_by_genre_month   the key is months after January 2000: nobody but one writer sells in that month
--   customers_by_value     the key is a customer, playlist_popularity: a playlist
-- In branches, so that asking for one view locks no table of another: a TRUNCATE of it may be going on.
create or replace function soak.own_value(p_view text, p_key integer) returns text
language plpgsql volatile
as $$
begin
  if p_view = 'sales_by_genre_month' then
    return (
      select concat_ws('|', count(*), sum(l.quantity), sum(l.quantity * l.unit_price)) from public.invoice_line l
      join public.invoice i on i.invoice_id = l.invoice_id join public.track t on t.track_id = l.track_id
      where i.invoice_date >= timestamp '2000-01-01' + p_key * interval '1 month'
        and i.invoice_date < timestamp '2000-01-01' + (p_key + 1) * interval '1 month' and t.genre_id is not null);
  elsif p_view = 'customers_by_value' then
    return (
      select concat_ws('|', c.last_name, count(distinct i.invoice_id), coalesce(sum(l.quantity * l.unit_price), 0)) from public.customer c
      left join public.invoice i on i.customer_id = c.customer_id left join public.invoice_line l on l.invoice_id = i.invoice_id
      where c.customer_id = p_key group by c.customer_id);
  else
    return (
      select concat_ws('|', p.name, (select count(*) from public.playlist_track t where t.playlist_id = p_key)) from public.playlist p
      where p.playlist_id = p_key);
  end if;
end $$;

-- The three views of the soak, each with the unique index that a CONCURRENTLY refresh needs.
create materialized view public.sales_by_genre_month as
select g.genre_id, g.name as genre, date_trunc('month', i.invoice_date)::date as month,
  count(*) as lines, sum(l.quantity) as sold, sum(l.quantity * l.unit_price) as revenue
from public.invoice_line l
join public.invoice i on i.invoice_id = l.invoice_id
join public.track t on t.track_id = l.track_id
join public.genre g on g.genre_id = t.genre_id
group by g.genre_id, g.name, date_trunc('month', i.invoice_date)::date;
create unique index on public.sales_by_genre_month (genre_id, month);

create materialized view public.customers_by_value as
select c.customer_id, c.first_name, c.last_name, count(distinct i.invoice_id) as invoices,
  coalesce(sum(l.quantity * l.unit_price), 0) as spent, max(i.invoice_date) as last_bought
from public.customer c
left join public.invoice i on i.customer_id = c.customer_id
left join public.invoice_line l on l.invoice_id = i.invoice_id
group by c.customer_id, c.first_name, c.last_name;
create unique index on public.customers_by_value (customer_id);

create materialized view public.playlist_popularity as
select p.playlist_id, p.name, count(pt.track_id) as tracks, coalesce(sum(s.sold), 0) as sold
from public.playlist p
left join public.playlist_track pt on pt.playlist_id = p.playlist_id
left join (select l.track_id, sum(l.quantity) as sold from public.invoice_line l group by l.track_id) s on s.track_id = pt.track_id
group by p.playlist_id, p.name;
create unique index on public.playlist_popularity (playlist_id);

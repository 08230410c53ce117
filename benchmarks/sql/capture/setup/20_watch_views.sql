-- Registers so many views that all read both tables, and so share their watches. After its first refresh none is refreshed for a day:
-- what a refresh costs is no cost of the capture.
create function bench.watch_views(p_count integer) returns void
language plpgsql
as $$
begin
  for v_no in 1 .. p_count loop
    execute format('create materialized view bench.sales_%s as
      select ''orders'' as what, count(*) as rows, sum(o.amount) as amount from bench.orders o
      union all select ''lines'', count(*), sum(l.amount) from bench.order_line l', v_no);
    execute format('create unique index on bench.sales_%s (what)', v_no);
    perform pgauto_mv.register_mv(format('bench.sales_%s', v_no)::regclass, p_cooldown => 86400);
  end loop;
end $$;

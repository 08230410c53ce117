-- What the clients have left: rows, and changes noted for the views, those that were cleaned up already included.
create view bench.ledger as
select (select count(*) from bench.orders)::integer as orders, (select count(*) from bench.order_line)::integer as lines,
  ((select count(*) from pgauto_mv.change) + (select count(*) from pgauto_mv.log l where l.kind = 'firing'))::integer as changes;

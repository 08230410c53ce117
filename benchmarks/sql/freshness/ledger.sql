-- Orders that writers placed, and rows in which view and query differ.
select (select count(*)::integer from orders o where o.order_id > 0) as orders, difference() as differing

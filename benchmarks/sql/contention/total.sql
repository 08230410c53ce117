-- Every update, whoever made it, added one.
select sum(quantity)::integer as total from contention.stock

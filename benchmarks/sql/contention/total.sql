-- Every update, whoever made it, added one.
select sum(quantity)::integer as total, (select count(*)::integer from pgrelay.failed) as failed from contention.stock

-- Registers the view, what to watch is found from its query; $1 is the cooldown in seconds.
select pgauto_mv.register_mv('public.monthly_product_sales'::regclass, p_cooldown => $1::numeric)

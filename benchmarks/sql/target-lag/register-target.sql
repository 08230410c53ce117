-- Registers the view with a target, and the share of a CPU by default.
select pgauto_mv.register_mv('public.monthly_product_sales'::regclass, p_target_lag => $1::interval)

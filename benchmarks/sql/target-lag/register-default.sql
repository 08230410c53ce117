-- Registers the view with the published times: no lag, no maximum, two seconds of cooldown.
select pgauto_mv.register_mv('public.monthly_product_sales'::regclass)

-- The registration and the triggers of the published example, as published.
INSERT INTO public.materialized_view_state (view_name) VALUES ('monthly_product_sales');

-- Trigger for order_items (the most frequently changing table)
CREATE TRIGGER trigger_maitain_monthly_product_sales_on_order_items
AFTER INSERT OR UPDATE OR DELETE ON public.order_items
FOR EACH STATEMENT
EXECUTE FUNCTION public.mark_materialized_view_as_dirty('monthly_product_sales');
-- Trigger for orders (changes to order_date affect the view)
CREATE TRIGGER trigger_maitain_monthly_product_sales_on_orders
AFTER INSERT OR UPDATE OR DELETE ON public.orders
FOR EACH STATEMENT
EXECUTE FUNCTION public.mark_materialized_view_as_dirty('monthly_product_sales');
-- Trigger for products (changes to price affect revenue)
CREATE TRIGGER trigger_maitain_monthly_product_sales_on_products
AFTER UPDATE OF price ON public.products -- Only fire if the price changes
FOR EACH STATEMENT
EXECUTE FUNCTION public.mark_materialized_view_as_dirty('monthly_product_sales');

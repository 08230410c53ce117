-- The published pattern on more than one view: registered and with triggers as the published example does it.
INSERT INTO public.materialized_view_state (view_name) VALUES ('sales'), ('emails'), ('slow');
CREATE TRIGGER sales_on_orders AFTER INSERT OR UPDATE OR DELETE ON public.orders
FOR EACH STATEMENT EXECUTE FUNCTION public.mark_materialized_view_as_dirty('sales');
CREATE TRIGGER emails_on_customers AFTER INSERT OR UPDATE OR DELETE ON public.customers
FOR EACH STATEMENT EXECUTE FUNCTION public.mark_materialized_view_as_dirty('emails');
CREATE TRIGGER slow_on_gate AFTER INSERT OR UPDATE OR DELETE ON public.gate
FOR EACH STATEMENT EXECUTE FUNCTION public.mark_materialized_view_as_dirty('slow');

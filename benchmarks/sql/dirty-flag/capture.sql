-- The published pattern on the tables of the capture benchmark: its row, and its triggers with the events it names.
INSERT INTO public.materialized_view_state (view_name) VALUES ('sales');

CREATE TRIGGER trigger_maintain_sales_on_order_line
AFTER INSERT OR UPDATE OR DELETE ON bench.order_line
FOR EACH STATEMENT
EXECUTE FUNCTION public.mark_materialized_view_as_dirty('sales');
CREATE TRIGGER trigger_maintain_sales_on_orders
AFTER INSERT OR UPDATE OR DELETE ON bench.orders
FOR EACH STATEMENT
EXECUTE FUNCTION public.mark_materialized_view_as_dirty('sales');

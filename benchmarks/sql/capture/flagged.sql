select count(*)::integer as flagged from public.materialized_view_state s where s.is_dirty

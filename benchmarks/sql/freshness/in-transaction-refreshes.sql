select coalesce(pg_sequence_last_value('refreshes'), 0)::integer as refreshes

-- The id that was given out last.
select case when is_called then last_value else 0 end::text as id from pgrelay.event_id_seq

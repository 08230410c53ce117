-- The place of the event that was enqueued last.
select last_value::text as place from pgrelay.queue_place_seq

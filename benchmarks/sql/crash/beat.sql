-- The last heartbeat of the Processor in slot $1.
select heartbeat_at::text as beat from pgrelay.instance where slot = $1

-- Registers a channel for measuring claims: $2 is the SQL action, or NULL for a handler's channel.
select pgrelay.register_channel($1, $2) as id

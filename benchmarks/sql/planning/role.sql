-- The planner's session runs as a role that nobody else has here, so that its statements can be told from all others.
set role pgrelay_processor

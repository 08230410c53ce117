-- The last event ($1) arrives with the permission to run; its hint wakes the Processors.
select pgrelay.resume_channel('drain'), pgrelay.notify('drain', $1)

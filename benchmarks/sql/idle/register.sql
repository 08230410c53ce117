-- Channel number $1. Every channel is one lane, that of priority 0.
select pgrelay.register_channel('idle.' || $1, 'select $1')

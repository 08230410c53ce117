-- The channel whose events are in flight when the Processor is killed.
select pgrelay.register_channel('crash')

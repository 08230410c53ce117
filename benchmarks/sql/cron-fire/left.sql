-- Jobs that fire again, and events that have not ended.
select ((select count(*) from pgrelay_cron.jobs j where j.state = 'active') + (select count(*) from pgrelay.events))::integer as left

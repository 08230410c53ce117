-- Whether no slot is held by this process any more.
select not exists (select from pgrelay.processors p where p.pid = $1) as buried

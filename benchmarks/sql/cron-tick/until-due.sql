select (extract(epoch from min(j.next_fire_at) - clock_timestamp()) * 1000)::double precision as ms from pgrelay_cron.jobs j

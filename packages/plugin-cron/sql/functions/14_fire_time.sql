-- When an occurrence is sent: its time and a part of the jitter, the same for everybody who calculates it, and another for each
-- job and occurrence.
create or replace function pgrelay_cron.fire_time(p_job text, p_planned timestamptz, p_jitter interval) returns timestamptz
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when p_jitter = interval '0' then p_planned
    else p_planned + p_jitter * ((hashtextextended(p_job, extract(epoch from p_planned)::bigint) & 1048575) / 1048576.0::double precision) end
$$;

select count(*) from graphile_worker.add_jobs(array(
  select row('bench', p.payload::json, null, null, null, null, null, null)::graphile_worker.job_spec from unnest($1::text[]) p(payload)))

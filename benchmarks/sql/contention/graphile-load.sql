-- $1 jobs, each for one of the 100 rows, in random order; as add_jobs writes them.
with task as (
  insert into graphile_worker._private_tasks (identifier) values ('update')
  on conflict (identifier) do update set identifier = excluded.identifier returning id
)
insert into graphile_worker._private_jobs (task_id, payload)
select t.id, to_json(1 + floor(random() * 100)::integer) from task t, generate_series(1, $1::integer) n

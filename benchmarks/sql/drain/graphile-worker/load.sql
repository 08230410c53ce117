-- Jobs $1 to $2, as add_jobs writes them.
with task as (
  insert into graphile_worker._private_tasks (identifier) values ('drain')
  on conflict (identifier) do update set identifier = excluded.identifier returning id
)
insert into graphile_worker._private_jobs (task_id, payload)
select t.id, to_json(n) from task t, generate_series($1::bigint, $2::bigint) n

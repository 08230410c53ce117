-- A Processor says whether hints reach it; behind a transaction pooler they never do, and get_problems shows it.
create or replace function pgrelay.report_hint_v1(p_slot smallint, p_epoch bigint, p_heard boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update pgrelay.instance i set hint_heard = p_heard where i.slot = p_slot and i.epoch = p_epoch and i.alive
$$;

-- A Processor says which kinds of channels it serves; get_problems() looks there for channels that nobody does.
create or replace function pgrelay.report_kinds_v1(p_slot smallint, p_epoch bigint, p_kinds text[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update pgrelay.instance i set kinds = p_kinds where i.slot = p_slot and i.epoch = p_epoch and i.alive
$$;

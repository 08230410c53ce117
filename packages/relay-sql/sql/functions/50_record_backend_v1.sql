-- Writes the row for enter_backend_v1.
create or replace function pgrelay.record_backend_v1(p_slot smallint, p_epoch bigint, p_purpose text, p_pid integer, p_backend_start timestamptz)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  insert into pgrelay.instance_backend (slot, epoch, pid, backend_start, purpose) values (p_slot, p_epoch, p_pid, p_backend_start, p_purpose)
    on conflict (slot, epoch, pid) do update set backend_start = excluded.backend_start, purpose = excluded.purpose;
end $$;

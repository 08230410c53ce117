-- Every tenth refresh, whoever does it, compares view and query in its own transaction, before it commits: the audit row is
-- the last thing that a refresh writes. A trigger of the soak's own; auto-mv knows nothing of it.
create table soak.inside (mv_id bigint not null, differing integer not null, at timestamptz not null default clock_timestamp());
create sequence soak.refresh_no;

create function soak.check_inside() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if nextval('soak.refresh_no') % 10 = 0 then
    insert into soak.inside (mv_id, differing) select m.id, soak.difference(m.view) from pgauto_mv.mv m where m.id = new.mv_id;
  end if;
  return null;
end $$;

grant usage on schema soak to pgrelay_owner;
set role pgrelay_owner;
create trigger soak_check_inside after insert on pgauto_mv.log for each row
  when (new.kind = 'attempt' and new.outcome = 'done') execute function soak.check_inside();
reset role;

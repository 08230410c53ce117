-- Watches of columns, of single rows, and gates for bulk loads.
alter table pgauto_mv.mv add column if not exists fire_on_replica boolean not null default false;

-- The operation is what CREATE TRIGGER calls the event, with the numbers of the columns: UPDATE OF 2,3 FOR EACH ROW. One
-- without FOR EACH ROW is noticed by the statement, in the relation that the statement names.
alter table pgauto_mv.watch drop constraint watch_operation_check;
alter table pgauto_mv.watch add constraint watch_operation_check check (
  operation ~ '^(INSERT|UPDATE|DELETE)( FOR EACH ROW)?$' or operation ~ '^UPDATE OF [0-9]+(,[0-9]+)* FOR EACH ROW$'
  or operation in ('TRUNCATE', 'REFRESH'));

-- Relations whose triggers are off for a bulk load: source is what gate_source() was called with, relation that or one of
-- its partitions and children. While a row is there, the views that watch the relation are dirty and not refreshed.
create table pgauto_mv.gate (
  source oid not null,
  relation oid not null,
  schema_name name not null,
  relation_name name not null,
  gated_by name not null default session_user,
  gated_at timestamptz not null default pgrelay.clock_now(),
  primary key (source, relation)
);
create index gate_of_relation on pgauto_mv.gate (relation);

-- How many rows the server had counted as written, by the operation of each watch, when it was last looked at; and when that
-- was (see notice_bypass_v1). No foreign key: who looks must not wait for an open unregister_mv().
create table pgauto_mv.tally (
  watch_id bigint primary key,
  written bigint not null
) with (fillfactor = 50);
create table pgauto_mv.tally_look (
  one boolean primary key default true check (one),
  looked_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
insert into pgauto_mv.tally_look default values;

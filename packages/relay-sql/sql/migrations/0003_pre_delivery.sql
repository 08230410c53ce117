-- Where failures are reported, top-level channels, and recorded effects.

-- A channel's failures are events of this channel: an event that fails for good sends one there, in the same transaction.
alter table pgrelay.channel add column on_failure integer references pgrelay.channel on delete set null;

-- A top-level channel has no private function: its statements are sent as they are, outside a transaction block.
alter table pgrelay.channel add column statements text[];
alter table pgrelay.channel drop constraint channel_kind_check;
alter table pgrelay.channel add constraint channel_kind_check check (kind in ('sql', 'handler', 'toplevel'));
alter table pgrelay.channel drop constraint channel_mode_check;
alter table pgrelay.channel add constraint channel_mode_check check (mode in ('transactional', 'leased', 'toplevel'));
alter table pgrelay.channel add constraint channel_toplevel_check
  check ((kind = 'toplevel') = (statements is not null) and (kind = 'toplevel') = (mode = 'toplevel'));

-- What ctx.once has done for an event, so that a retry does not do it again. The result is the handler's own data, so
-- nobody may read the table.
create table pgrelay.effect (
  event_id bigint not null,
  name text not null check (octet_length(name) between 1 and 200),
  result jsonb,
  at timestamptz not null,
  primary key (event_id, name)
);
create index effect_at on pgrelay.effect using brin (at);

-- They have more parameters now; the functions that come next are new ones.
drop function if exists pgrelay.register_channel(text, text, text, boolean, interval, boolean, integer, boolean);
drop function if exists pgrelay.register_channel_as(text, text, text, boolean, interval, boolean, integer, boolean, text);

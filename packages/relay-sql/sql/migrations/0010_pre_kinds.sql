-- Kinds of handlers: a channel whose events any Processor can take that has the plugin of the kind (http), not only one that
-- names the channel in its code. NULL: a handler of that name.
alter table pgrelay.channel
  add column handler_kind text check (handler_kind ~ '^[a-z][a-z0-9-]{0,62}$'),
  add constraint channel_kind_of_handler check (handler_kind is null or kind = 'handler');

-- The kinds that a Processor serves, beside the channels of its handlers.
alter table pgrelay.instance add column kinds text[] not null default '{}';

-- The slot and epoch of the living Processor whose process id is $1, and the backends of its connections.
select i.slot, i.epoch::text as epoch,
  array(select b.pid from pgrelay.instance_backend b where b.slot = i.slot and b.epoch = i.epoch order by b.pid) as backends
from pgrelay.instance i where i.alive and i.pid = $1

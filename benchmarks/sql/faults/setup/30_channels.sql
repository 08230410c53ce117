-- The channels of the load. Handler channels are declared in their modes here, so that no producer comes before them.
select pgrelay.register_channel('faults.sql', 'select faults.apply($1)'),
  pgrelay.register_channel('faults.parallel', 'select faults.apply($1)', p_parallel => true),
  pgrelay.register_channel('faults.slow', 'select faults.apply($1)', p_statement_timeout => '100 milliseconds'),
  pgrelay.register_channel('faults.child', 'select faults.apply_child($1)'),
  pgrelay.register_channel('faults.toplevel', 'select 1', p_mode => 'toplevel'),
  pgrelay.register_channel('faults.tx', p_mode => 'transactional'),
  pgrelay.register_channel('faults.leased'),
  pgrelay.register_channel('faults.batch'),
  pgrelay.register_channel('faults.once'),
  pgrelay.register_channel('faults.parent');

-- Whether anything waits (an index has that) or, only then, runs.
select case when exists (select from pgboss.job j where j.name = 'drain' and j.state < 'active' and not j.blocked) then true
  else exists (select from pgboss.job j where j.name = 'drain' and j.state = 'active') end as pending

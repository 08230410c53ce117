select t.name from soak.target t order by t.name

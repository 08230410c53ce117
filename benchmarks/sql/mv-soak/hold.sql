select soak.hold($1) as statement

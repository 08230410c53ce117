select soak.ask($1)

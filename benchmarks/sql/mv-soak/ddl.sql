select soak.ddl($1, $2, $3)

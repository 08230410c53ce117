select soak.change($1, $2, $3, $4)

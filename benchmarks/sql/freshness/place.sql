select place($1::integer)

select change_price($1::integer)

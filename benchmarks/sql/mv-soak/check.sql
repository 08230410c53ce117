select * from soak.check_view($1)

-- What the other triggers are compared with.
select 1

select m.id::text as id from pgauto_mv.mv m order by m.id

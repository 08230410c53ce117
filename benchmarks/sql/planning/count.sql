select count(*)::integer as changes from pgauto_mv.change

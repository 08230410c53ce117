call pgauto_mv.verify_due(1, '0')

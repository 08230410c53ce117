-- One endpoint, at the URL $1, paused until the events are there.
select pgrelay_http.register_endpoint('http', $1, p_concurrency => $2), pgrelay.pause_channel('http')

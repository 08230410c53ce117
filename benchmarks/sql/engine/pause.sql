select pgrelay.pause_channel($1)

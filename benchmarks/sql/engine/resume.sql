select pgrelay.resume_channel($1)

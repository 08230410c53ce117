select pgrelay.resume_channel('http')

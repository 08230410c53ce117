-- What filling left to do is done before the clock starts.
vacuum (analyze) pgrelay.delayed

/** What a program of a contender can be asked to do; argument and answer are plain data. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/**
 * Answers the harness that forked this process: says that it is ready, then runs one method a call. Ends with the harness,
 * or when `stop`, which every program has, has answered.
 */
export function serve(methods: Methods & { stop(argument: never): unknown }): void {
  const answer = (message: unknown) => {
    // A harness that goes away meanwhile needs no answer.
    if (process.connected) process.send?.(message, undefined, {}, () => undefined);
  };
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides
  process.on('disconnect', () => process.exit(process.exitCode ?? 0));
  process.on('message', async ({ id, method, argument }: { id: number; method: string; argument: never }) => {
    try {
      answer({ id, value: await methods[method]?.(argument) });
    } catch (error) {
      answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    if (method === 'stop' && process.connected) process.disconnect();
  });
  answer({ ready: true });
}

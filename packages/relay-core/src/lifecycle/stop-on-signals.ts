import type { Processor } from '../processor.js';

/**
 * Runs a Processor until SIGTERM or SIGINT: the first signal drains (no new events; running ones finish), a second one
 * forces. Resolves with the exit code: 0 when drained, 1 when forced; exit with it, since what an aborted handler left (a timer, a
 * socket) may keep the process alive.
 */
export function stopOnSignals(processor: Processor): Promise<number> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 2) return;
      const force = signals === 2;
      processor.stop({ force }).then(
        () => {
          process.off('SIGTERM', onSignal);
          process.off('SIGINT', onSignal);
          resolve(signals > 1 ? 1 : 0);
        },
        () => resolve(1),
      );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

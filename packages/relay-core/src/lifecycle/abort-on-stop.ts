const waiting = new WeakMap<AbortSignal, Set<AbortController>>();

/**
 * Aborts the controller when the Processor is forced to stop, until what is returned is called. One listener serves all of them:
 * AbortSignal.any() would cost every attempt that asks for its signal twenty microseconds.
 */
export function abortOnStop(stopping: AbortSignal, controller: AbortController): () => void {
  if (stopping.aborted) {
    controller.abort(stopping.reason);
    return () => undefined;
  }
  const known = waiting.get(stopping);
  const controllers = known ?? new Set<AbortController>();
  if (known === undefined) {
    waiting.set(stopping, controllers);
    stopping.addEventListener('abort', () => {
      for (const each of controllers) each.abort(stopping.reason);
      controllers.clear();
    });
  }
  controllers.add(controller);
  return () => void controllers.delete(controller);
}

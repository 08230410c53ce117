import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { readBody } from './read-body.js';
import type { RouteReply } from './route.js';
import { RouteError } from './route-error.js';
import type { RouteTable } from './route-table.js';
import type { CheckedServerOptions } from './server-options.js';
import { errorReply } from './write-reply.js';

export interface AnswerContext {
  readonly routes: RouteTable;
  readonly options: Pick<CheckedServerOptions, 'bodyLimitBytes' | 'routeTimeoutMs'>;
  readonly log: Logger;
  /** Aborted when the client is gone or the server is forced to stop. */
  readonly gone: AbortSignal;
}

export interface Answered {
  /** The route as it was added; `no route` when none fits. */
  readonly route: string;
  readonly reply: RouteReply;
}

/**
 * Finds the route, reads the body and asks the handler: request → reply. Never throws. What a client may not know of an error
 * is its message; what the log may not hold is the request.
 */
export async function answer(request: IncomingMessage, context: AnswerContext): Promise<Answered> {
  let place = 'no route';
  try {
    const method = request.method ?? '';
    const { pathname, searchParams } = readTarget(request.url ?? '');
    const { route, params } = context.routes.find(method, pathname);
    place = `${route.method} ${route.path}`;
    const body = await readBody(request, route.bodyLimitBytes ?? context.options.bodyLimitBytes);
    const late = AbortSignal.timeout(context.options.routeTimeoutMs);
    const signal = AbortSignal.any([late, context.gone]);
    const { headers } = request;
    const handled = route.handler({ method, path: pathname, params, query: searchParams, headers, body, signal });
    const reply = (await orAborted(Promise.resolve(handled), signal, late)) ?? {}; // from JavaScript: nothing
    return { route: place, reply };
  } catch (error) {
    if (error instanceof RouteError) return { route: place, reply: errorReply(error) };
    context.log.error({ route: place, code: codeOf(error) }, 'a route failed');
    const message = 'the route failed; its code is in the log of the Processor';
    return { route: place, reply: errorReply(new RouteError(500, 'RELAY_ROUTE_FAILED', message)) };
  }
}

function readTarget(target: string): URL {
  // Only the path counts: a proxy may send the absolute form, anybody may send "//" or what is no URL at all.
  const path = target.startsWith('/') ? `http://server${target}` : target;
  if (!URL.canParse(path)) throw new RouteError(400, 'RELAY_REQUEST_INVALID', 'the request names no path');
  return new URL(path);
}

/** A handler that does not look at its signal is not waited for. */
async function orAborted<T>(handled: Promise<T>, signal: AbortSignal, late: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () =>
      reject(
        late.aborted
          ? new RouteError(503, 'RELAY_ROUTE_TIMEOUT', 'the route did not answer in time', { hint: 'Try again later.' })
          : new RouteError(503, 'RELAY_STOPPING', 'the Processor stops', { hint: 'Ask another one.' }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([handled, aborted]);
  } finally {
    stop();
    handled.catch(() => undefined); // told already that its time is up
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

import { RelayError } from '@pgrelay/relay-sql';
import type { Route } from './route.js';
import { RouteError } from './route-error.js';

const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const segment = /^(:[a-zA-Z]\w*|[\w.~-]+)$/;

export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** What a server answers. A handful of routes with whole segments: a comparison of segments does, and no router is needed. */
export class RouteTable {
  readonly #routes: { readonly route: Route; readonly segments: readonly string[] }[] = [];
  #closed = false;

  /** @throws RelayError RELAY_ROUTE_INVALID, RELAY_ROUTE_DUPLICATE, RELAY_REGISTRATION_CLOSED */
  add(route: Route): void {
    const name = `route ${route.method} ${JSON.stringify(route.path)}`;
    if (this.#closed) {
      throw new RelayError('RELAY_REGISTRATION_CLOSED', `${name} was added after the Processor had started`, {
        hint: "Add it in a plugin's setup().",
      });
    }
    const segments = split(route.path);
    const limit = route.bodyLimitBytes ?? 0;
    if (!methods.has(route.method) || segments === undefined || !segments.every((part) => segment.test(part))) {
      throw new RelayError('RELAY_ROUTE_INVALID', `${name} has no proper method or path`, {
        hint: `The method is one of ${[...methods].join(', ')}; a path is like "/channels/:name/events".`,
      });
    }
    if (typeof route.handler !== 'function' || !Number.isInteger(limit) || limit < 0) {
      throw new RelayError('RELAY_ROUTE_INVALID', `${name} has no handler, or a bodyLimitBytes that is none`, {
        hint: 'handler is a function of the request; bodyLimitBytes a whole number of bytes.',
      });
    }
    const same = (other: readonly string[]) =>
      other.length === segments.length &&
      other.every((part, index) => part === segments[index] || (isParam(part) && isParam(segments[index])));
    if (this.#routes.some((each) => each.route.method === route.method && same(each.segments))) {
      throw new RelayError('RELAY_ROUTE_DUPLICATE', `${name} is taken`, { hint: 'Give the route another path.' });
    }
    this.#routes.push({ route, segments });
  }

  /** Nothing is added from now on. */
  close(): void {
    this.#closed = true;
  }

  /** The route for a request; that of GET answers HEAD. @throws RouteError 400, 404, 405 */
  find(method: string, path: string): FoundRoute {
    const given = split(path);
    const fitting = given === undefined ? [] : this.#routes.filter(({ segments }) => fits(segments, given));
    const asked = method === 'HEAD' ? 'GET' : method;
    // A path that is written out goes before one with a parameter in its place.
    const [found] = fitting.filter(({ route }) => route.method === asked).sort((a, b) => paramsOf(a) - paramsOf(b));
    if (found !== undefined && given !== undefined) return { route: found.route, params: read(found.segments, given) };
    if (fitting.length === 0) throw new RouteError(404, 'RELAY_ROUTE_UNKNOWN', 'nothing is here');
    const allow = [...new Set(fitting.map(({ route }) => route.method))].join(', ');
    throw new RouteError(405, 'RELAY_METHOD_NOT_ALLOWED', `this path takes ${allow}`, { headers: { allow } });
  }
}

const isParam = (part: string | undefined): boolean => part?.startsWith(':') === true;
const paramsOf = ({ segments }: { readonly segments: readonly string[] }): number => segments.filter(isParam).length;
const split = (path: string): readonly string[] | undefined =>
  path.startsWith('/') ? path.slice(1).split('/') : undefined;

function fits(segments: readonly string[], given: readonly string[]): boolean {
  return (
    segments.length === given.length &&
    segments.every((part, index) => (isParam(part) ? given[index] !== '' : part === given[index]))
  );
}

function read(segments: readonly string[], given: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, part] of segments.entries()) {
    if (!isParam(part)) continue;
    try {
      params[part.slice(1)] = decodeURIComponent(given[index] ?? '');
    } catch {
      throw new RouteError(400, 'RELAY_REQUEST_INVALID', 'the path is not percent-encoded as UTF-8');
    }
  }
  return params;
}

import { RelayError } from '@pgrelay/relay-core';
import { type CheckedEndpoint, defaultEndpointOptions, type HttpEndpoint, type HttpOptions } from './options.js';

const methods = new Set(['POST', 'PUT', 'PATCH']);
const fields = new Set(['url', ...Object.keys(defaultEndpointOptions)]);
/** Headers that the plugin or HTTP itself sets. */
const reserved = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
]);

/**
 * Refuses endpoints that cannot work. No error quotes a URL or the value of a header: both may hold a secret.
 * @throws RelayError PLUGIN_HTTP_OPTION_INVALID, PLUGIN_HTTP_URL_INVALID, PLUGIN_HTTP_HEADER_INVALID
 */
export function checkEndpoints(options: Partial<HttpOptions>): CheckedEndpoint[] {
  const unknown = Object.keys(options).find((name) => name !== 'endpoints' && name !== 'inbound');
  if (unknown !== undefined) {
    throw new RelayError('PLUGIN_HTTP_OPTION_INVALID', `${JSON.stringify(unknown)} is no option of http()`, {
      hint: 'The options are endpoints: { channel: { url, … } } and inbound.',
    });
  }
  return Object.entries(options.endpoints ?? {}).map(([channel, endpoint]) => checkEndpoint(channel, endpoint));
}

function checkEndpoint(channel: string, endpoint: HttpEndpoint): CheckedEndpoint {
  const refuse = (code: string, what: string, hint: string): never => {
    throw new RelayError(code, `http endpoint of channel ${JSON.stringify(channel)}: ${what}`, { hint });
  };
  const option = (what: string, hint: string) => refuse('PLUGIN_HTTP_OPTION_INVALID', what, hint);
  for (const name of Object.keys(endpoint)) {
    if (!fields.has(name)) option(`${JSON.stringify(name)} is no option`, `Options are ${[...fields].join(', ')}.`);
  }
  const defined = Object.fromEntries(Object.entries(endpoint).filter(([, value]) => value !== undefined));
  const checked: Required<HttpEndpoint> = { ...defaultEndpointOptions, ...(defined as unknown as HttpEndpoint) };
  if (!methods.has(checked.method)) option('method is not one with a body', 'It is POST, PUT or PATCH.');
  if (!isWhole(checked.timeoutMs, 1, 3_600_000)) option('timeoutMs is out of range', 'A whole number, 1 to 3600000.');
  if (!isWhole(checked.concurrency, 1, 1_000)) option('concurrency is out of range', 'A whole number, 1 to 1000.');
  if (!checked.retryDelaysMs.every((delay) => isWhole(delay, 0, 2_147_483_647))) {
    option('retryDelaysMs has a value out of range', 'Whole numbers of ms, 0 to 2147483647; none: no retry.');
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(checked.headers)) {
    const wrong = headerFault(name, value);
    if (wrong !== undefined)
      refuse('PLUGIN_HTTP_HEADER_INVALID', `header ${JSON.stringify(name)} ${wrong}`, headerHint);
    headers[name.toLowerCase()] = value;
  }
  const url = URL.canParse(checked.url) ? new URL(checked.url) : undefined;
  if (url === undefined) return refuse('PLUGIN_HTTP_URL_INVALID', 'url is no absolute URL', urlHint);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refuse('PLUGIN_HTTP_URL_INVALID', `url has the scheme ${JSON.stringify(url.protocol)}`, urlHint);
  }
  if (url.username !== '' || url.password !== '') {
    return refuse(
      'PLUGIN_HTTP_URL_INVALID',
      'url has a user or password in it',
      'Send an authorization header instead.',
    );
  }
  return { ...checked, headers, channel, url };
}

const urlHint = 'Give a URL such as https://example.com/hooks.';
const headerHint = 'Names are HTTP tokens, values are visible ASCII on one line; the plugin sets webhook-id itself.';

function headerFault(name: string, value: unknown): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return 'is no valid name';
  if (reserved.has(name.toLowerCase())) return 'cannot be set';
  if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return 'has a value that cannot be sent';
  return undefined;
}

function isWhole(value: unknown, least: number, greatest: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest;
}

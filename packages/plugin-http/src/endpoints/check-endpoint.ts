import { RelayError } from '@pgrelay/relay-core';
import { isTemplate } from '../body/body-template.js';
import { defaultEndpointOptions, type HttpEndpoint } from '../options.js';
import { headerFault } from './header-fault.js';
import { readSecrets } from './read-secrets.js';
import type { Fault, Target } from './target.js';
import { readUrl, type UrlRules } from './url-fault.js';

const methods = new Set(['POST', 'PUT', 'PATCH']);
const fields = new Set(['url', ...Object.keys(defaultEndpointOptions)]);
const longestMs = 3_600_000;
const bounds: readonly (readonly [keyof HttpEndpoint & `${string}`, number, number])[] = [
  ['timeoutMs', 1, longestMs],
  ['headersTimeoutMs', 1, longestMs],
  ['bodyTimeoutMs', 1, longestMs],
  ['concurrency', 1, 1_000],
  ['alertAfter', 1, 1_000_000],
  ['pauseAfter', 0, 1_000_000],
];

/** An endpoint of the options, with its defaults filled in. */
export interface CheckedEndpoint extends Target {
  readonly alertChannel: string | undefined;
  readonly alertAfter: number;
}

/**
 * Refuses an endpoint of the options that cannot work. No error quotes a URL, the value of a header or a secret.
 * @throws RelayError PLUGIN_HTTP_OPTION_INVALID, PLUGIN_HTTP_URL_INVALID, PLUGIN_HTTP_INSECURE, PLUGIN_HTTP_ADDRESS_REFUSED, PLUGIN_HTTP_HEADER_INVALID, PLUGIN_HTTP_SECRET_INVALID, PLUGIN_HTTP_SECRET_MISSING, PLUGIN_HTTP_TEMPLATE_INVALID
 */
export function checkEndpoint(channel: string, endpoint: HttpEndpoint, rules: UrlRules): CheckedEndpoint {
  const refuse = ({ code, what, hint }: Fault): never => {
    throw new RelayError(code, `http endpoint of channel ${JSON.stringify(channel)}: ${what}`, { hint });
  };
  const option = (what: string, hint: string) => refuse({ code: 'PLUGIN_HTTP_OPTION_INVALID', what, hint });
  for (const name of Object.keys(endpoint)) {
    if (!fields.has(name)) option(`${JSON.stringify(name)} is no option`, `Options are ${[...fields].join(', ')}.`);
  }
  const defined = Object.fromEntries(Object.entries(endpoint).filter(([, value]) => value !== undefined));
  const given = { ...defaultEndpointOptions, ...(defined as unknown as HttpEndpoint) };
  if (!methods.has(given.method)) option('method is not one with a body', 'It is POST, PUT or PATCH.');
  for (const [name, least, most] of bounds) {
    if (!isWhole(given[name], least, most)) option(`${name} is out of range`, `A whole number, ${least} to ${most}.`);
  }
  if (!given.retryDelaysMs.every((delay) => isWhole(delay, 0, 366 * 86_400_000))) {
    option('retryDelaysMs has a value out of range', 'Whole numbers of ms, up to 366 days; none: no retry.');
  }
  if (given.alertChannel === channel || given.alertChannel === '')
    option('alertChannel is the channel itself, or empty', 'Name another channel.');
  const url = readUrl(given.url, rules);
  const secrets = readSecrets(given.secrets, process.env);
  if (!isTemplate(given.body)) {
    const hint =
      'JSON with {{payload.name.0}}, {{event.id}}, {{event.channel}}, {{event.enqueued_at}} or {{event.dedup_key}} in its strings.';
    refuse({ code: 'PLUGIN_HTTP_TEMPLATE_INVALID', what: 'body has something in {{ }} that it cannot fill in', hint });
  }
  return {
    channel,
    url: 'url' in url ? url.url : refuse(url),
    keys: 'keys' in secrets ? secrets.keys : refuse(secrets),
    headers: readHeaders(given.headers, refuse),
    method: given.method,
    template: given.body,
    timeoutMs: given.timeoutMs,
    headersTimeoutMs: given.headersTimeoutMs,
    bodyTimeoutMs: given.bodyTimeoutMs,
    concurrency: given.concurrency,
    retryDelaysMs: given.retryDelaysMs,
    pauseAfter: given.pauseAfter,
    alertChannel: given.alertChannel,
    alertAfter: given.alertAfter,
  };
}

function readHeaders(given: Readonly<Record<string, string>>, refuse: (fault: Fault) => never): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const wrong = headerFault(name, value);
    if (wrong !== undefined) {
      const hint =
        'Names are HTTP tokens, values are visible Latin-1 text on one line; the plugin sets webhook-… itself.';
      refuse({ code: 'PLUGIN_HTTP_HEADER_INVALID', what: `header ${JSON.stringify(name)} ${wrong}`, hint });
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

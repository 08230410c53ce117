import { AttemptError, RelayError } from '@pgrelay/relay-core';
import { headerFault } from '../endpoints/header-fault.js';
import { readSecrets } from '../endpoints/read-secrets.js';
import type { Fault } from '../endpoints/target.js';
import { readUrl, type UrlRules } from '../endpoints/url-fault.js';
import { exchange } from '../net/exchange.js';
import type { OriginPools } from '../net/origin-pools.js';
import { signWebhook } from '../signing/sign-webhook.js';
import { defaultHttpRequestOptions, type HttpClient, type HttpRequestOptions } from './http-client.js';
import { HttpResponse } from './http-response.js';

/** The client of one handler: its requests end when the handler is told to. */
export class BoundClient implements HttpClient {
  readonly #pools: OriginPools;
  readonly #rules: UrlRules;
  readonly #signal: AbortSignal;

  constructor(pools: OriginPools, rules: UrlRules, signal: AbortSignal) {
    this.#pools = pools;
    this.#rules = rules;
    this.#signal = signal;
  }

  async request(to: string | URL, given: HttpRequestOptions = {}): Promise<HttpResponse> {
    const { timeoutMs, maxResponseBytes } = { ...defaultHttpRequestOptions, ...given };
    const read = readUrl(String(to), this.#rules);
    if (!('url' in read)) throw refused(read);
    const body = given.json === undefined ? given.body : JSON.stringify(given.json);
    const headers = this.#headersOf(given, body);
    const { dispatcher, gate } = this.#pools.to(read.url.origin);
    if (!(await gate.enter('ctx.http', timeoutMs, this.#signal))) throw new AttemptError('http_timeout');
    const ended = await exchange(
      dispatcher,
      {
        url: read.url,
        method: given.method ?? (body === undefined ? 'GET' : 'POST'),
        headers,
        body: body ?? null,
        headersTimeoutMs: timeoutMs,
        bodyTimeoutMs: timeoutMs,
        timeoutMs,
        maxResponseBytes,
        keptBytes: maxResponseBytes,
      },
      this.#signal,
    ).finally(() => gate.leave());
    if (ended.status === undefined) throw new AttemptError(`http_${ended.none}`);
    if (ended.responseBytes > maxResponseBytes) throw new AttemptError('http_response_too_large');
    if (!ended.complete) throw new AttemptError('http_timeout');
    return new HttpResponse(ended.status, ended.headers, ended.body);
  }

  #headersOf(given: HttpRequestOptions, body: string | Uint8Array | undefined): Record<string, string> {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (given.json !== undefined) headers['content-type'] = 'application/json';
    for (const [name, value] of Object.entries(given.headers ?? {})) {
      const wrong = headerFault(name, value);
      if (wrong !== undefined) {
        const hint = 'Names are HTTP tokens, values are visible Latin-1 text on one line.';
        throw refused({ code: 'PLUGIN_HTTP_HEADER_INVALID', what: `header ${JSON.stringify(name)} ${wrong}`, hint });
      }
      headers[name.toLowerCase()] = value;
    }
    if (given.sign === undefined) return headers;
    const secrets = readSecrets(given.sign.secrets, process.env);
    if (!('keys' in secrets)) throw refused(secrets);
    return { ...headers, ...signWebhook(given.sign.id, body ?? '', secrets.keys, new Date()) };
  }
}

function refused({ code, what, hint }: Fault): RelayError {
  return new RelayError(code, `ctx.http: ${what}`, { hint });
}

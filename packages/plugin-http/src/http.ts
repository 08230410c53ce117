import { defineHandler, definePlugin } from '@pgrelay/relay-core';
import { addInbound } from './inbound/add-inbound.js';
import { checkInbound } from './inbound/check-inbound.js';
import { judge, transient } from './judge.js';
import type { CheckedEndpoint, HttpOptions } from './options.js';
import { OriginAgents } from './origin-agents.js';
import { send } from './send.js';
import { httpSql } from './sql-module.js';
import { checkEndpoints } from './validate-options.js';

/** The handler ends by its own timeout; the relay's comes later and only if something hangs. */
const handlerSlackMs = 10_000;

/**
 * Delivers events by HTTP: `plugins: [http({ endpoints: { 'order.placed': { url: 'https://…' } } })]`. The payload is the
 * body, as it is; the header `webhook-id` holds the event's id, the same in every attempt, so that a receiver can
 * recognise a repetition. With option `inbound` other systems send events the other way. Neither payloads, headers nor answers are logged.
 */
export const http = definePlugin<HttpOptions>({
  name: 'http',
  version: '0.1.0',
  sql: httpSql,
  validate({ endpoints = {}, inbound, ...unknown }) {
    checkEndpoints({ endpoints, ...unknown });
    if (inbound === undefined) return { endpoints };
    checkInbound(inbound);
    return { endpoints, inbound };
  },
  setup(host, options) {
    const endpoints = checkEndpoints(options);
    const agents = new OriginAgents(endpoints);
    host.services.add(agents);
    if (options.inbound !== undefined) addInbound(host, checkInbound(options.inbound));
    for (const endpoint of endpoints) host.handlers.add(deliveryHandler(endpoint, agents));
  },
});

function deliveryHandler(endpoint: CheckedEndpoint, agents: OriginAgents) {
  const { channel, concurrency, timeoutMs, retryDelaysMs } = endpoint;
  const retry = { delaysMs: retryDelaysMs, when: transient };
  const options = { payload: 'text', concurrency, timeoutMs: timeoutMs + handlerSlackMs, retry } as const;
  return defineHandler(channel, options, async (event, ctx) => {
    const started = performance.now();
    const answer = await send(endpoint, event, agents.for(endpoint.url), ctx.signal);
    ctx.log.debug({ answer, ms: Math.round(performance.now() - started) }, 'request ended');
    judge(answer);
  });
}

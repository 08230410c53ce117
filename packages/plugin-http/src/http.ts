import { definePlugin } from '@pgrelay/relay-core';
import { BoundClient } from './client/bound-client.js';
import { AttemptRecorder } from './delivery/attempt-recorder.js';
import { forgetTask } from './delivery/forget-task.js';
import { checkOptions } from './endpoints/check-options.js';
import { EndpointKind } from './endpoints/endpoint-kind.js';
import { addInbound } from './inbound/add-inbound.js';
import { guardedConnector } from './net/guarded-connector.js';
import { OriginPools } from './net/origin-pools.js';
import { defaultHttpOptions, type HttpOptions } from './options.js';
import { httpSql } from './sql-module.js';

/**
 * Delivers events by HTTP, signed if there is a secret (Standard Webhooks): `plugins: [http()]`. Endpoints are registered in SQL with
 * pgrelay_http.register_endpoint(), or here with `http({ endpoints: { 'order.placed': { url: 'https://…' } } })`. Handlers of
 * other channels get `ctx.http`. With option `inbound` other systems send events the other way. Neither payloads, URLs, headers, secrets nor answers are logged.
 */
export const http = definePlugin<HttpOptions>({
  name: 'http',
  version: '0.1.0',
  sql: httpSql,
  validate(given) {
    checkOptions(given);
    return { ...defaultHttpOptions, ...given };
  },
  setup(host, given) {
    const options = checkOptions(given);
    const pools = new OriginPools(guardedConnector(options.rules.addresses, options), options.originConcurrency);
    const recorder = new AttemptRecorder(host.control, host.log);
    host.services.add(pools);
    host.services.add(recorder);
    host.hooks.beforeSettle(() => recorder.flush());
    host.handlers.addKind(new EndpointKind({ pools, recorder, options }, host.log));
    host.context.add('http', (ctx) => new BoundClient(pools, options.rules, ctx.signal));
    if (options.inbound !== undefined) addInbound(host, options.inbound);
    host.tasks.add(pools.tidying);
    host.tasks.add(forgetTask(options.keepAttemptsDays));
  },
});

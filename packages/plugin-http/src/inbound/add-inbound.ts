import { type PluginHost, RelayError } from '@pgrelay/relay-core';
import type { CheckedInbound } from './check-inbound.js';
import { InboundConnection } from './inbound-connection.js';
import { inboundGateway } from './inbound-gateway.js';
import { inboundRoute } from './inbound-route.js';

const hourMs = 3_600_000;

/** Adds the route, its connection, and what forgets old keys. @throws RelayError PLUGIN_HTTP_INBOUND_UNSERVED */
export function addInbound(host: PluginHost, options: CheckedInbound): void {
  if (!host.routes.served) {
    throw new RelayError(
      'PLUGIN_HTTP_INBOUND_UNSERVED',
      'http() has option inbound, and the Processor no HTTP server',
      {
        hint: 'Give the Processor option server, for example { port: 8080 }.',
      },
    );
  }
  const connection = new InboundConnection(() => host.connect('http inbound'));
  host.services.add(connection);
  host.routes.add(inboundRoute(options, connection, host.checkPayload));
  host.tasks.add({
    name: 'http inbound keys',
    everyMs: hourMs,
    run: async ({ control }) =>
      (await inboundGateway.forget(control, options.keepKeysDays)) === 10_000 ? 1_000 : hourMs,
  });
}

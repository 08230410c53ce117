import {
  isConnectionLoss,
  type PluginHost,
  RelayError,
  type Route,
  RouteError,
  type RouteReply,
  sqlstateOf,
} from '@pgrelay/relay-core';
import { type Authenticate, authenticator } from './authenticate.js';
import type { CheckedInbound } from './check-inbound.js';
import { type InboundConnection, unavailable } from './inbound-connection.js';
import { inboundGateway, type Received } from './inbound-gateway.js';
import { readKey } from './read-key.js';
import { readPayload } from './read-payload.js';

/** How the relay's own refusals are answered. */
const statusOf: Readonly<Record<string, number>> = {
  RELAY_CHANNEL_UNKNOWN: 404,
  RELAY_PAYLOAD_TOO_LARGE: 413,
  RELAY_PAYLOAD_INVALID: 422,
  RELAY_CHANNEL_DISABLED: 503,
};

/** What passes: locks that were not free in time, deadlocks, a server that takes no writes. */
const passing = /^(25006|40|53|55P03|57)/;

/**
 * `POST /channels/:name/events`: authenticate → read → receive → answer. 202 with the id of the new event, 200 with that of the
 * first one for a repetition. Nothing of the request is logged.
 */
export function inboundRoute(
  options: CheckedInbound,
  connection: InboundConnection,
  checkPayload: PluginHost['checkPayload'],
): Route {
  const { channels, general, toleranceMs, bodyLimitBytes } = options;
  const unlisted = authenticator(general);
  const listed = new Map<string, Authenticate>([...channels].map(([name, channel]) => [name, authenticator(channel)]));
  return {
    method: 'POST',
    path: '/channels/:name/events',
    bodyLimitBytes,
    async handler(request) {
      const name = request.params['name'] ?? '';
      const signed = (listed.get(name) ?? unlisted)(request);
      const channel = channels.get(name);
      if (channel === undefined)
        throw new RouteError(404, 'RELAY_CHANNEL_UNKNOWN', `channel ${JSON.stringify(name)} takes no events by HTTP`);
      const key = readKey(request, signed, channel.requireKey);
      const payload = readPayload(request, channel.payload);
      try {
        if (channel.payload === 'json') await checkPayload(name, JSON.parse(payload));
        return reply(
          await connection.run(
            (db) => inboundGateway.receive(db, name, payload, key, signed?.sentAt, toleranceMs),
            request.signal,
          ),
        );
      } catch (error) {
        throw toRouteError(error);
      }
    },
  };
}

function reply({ id, verdict }: Received): RouteReply {
  switch (verdict) {
    case 'accepted':
      return { status: 202, body: { id, repeated: false } };
    case 'repeated':
      return { status: 200, body: { id, repeated: true } };
    case 'reused':
      throw new RouteError(422, 'PLUGIN_HTTP_KEY_REUSED', 'another body was sent under this key before', {
        hint: 'Give each event a key of its own.',
      });
    case 'late':
      throw new RouteError(401, 'PLUGIN_HTTP_SIGNATURE_EXPIRED', "the signature's time is too far from now", {
        hint: 'Sign each attempt anew, and check the clock of the sender.',
      });
  }
}

function toRouteError(error: unknown): unknown {
  if (error instanceof RouteError) return error;
  const status = error instanceof RelayError ? statusOf[error.code] : undefined;
  if (error instanceof RelayError && status !== undefined)
    return new RouteError(status, error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  const isFenced = error instanceof RelayError && error.code === 'RELAY_FENCED'; // it takes another slot just now
  if (isFenced || isConnectionLoss(error) || passing.test(sqlstateOf(error) ?? ''))
    return unavailable('the database takes no events just now', error);
  return error;
}

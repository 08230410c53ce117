import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type ChannelDefinition, nameOf } from './channels/define-channel.js';
import { checkNotify, checkTx } from './check-notify.js';
import type { NotifyEvent, NotifyOptions } from './client.js';
import { gateway } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';
import { toText } from './payload/to-text.js';

/** The schema that payloads for a channel must fit, if one is known. */
export type SchemaOf = (channel: string) => StandardSchemaV1 | undefined;

/** The most characters of payload in one call: one statement carries them all. */
const mostCharacters = 2 ** 27;

/** Sends one event. */
export async function sendNotify(
  db: Queryable,
  channel: string | ChannelDefinition,
  payload: unknown,
  options: NotifyOptions,
  schemaOf: SchemaOf,
): Promise<string> {
  const { tx, ...row } = options;
  if (tx !== undefined) checkTx(tx);
  const name = nameOf(channel);
  checkNotify(name, row);
  const text = toText(name, payload, schemaFor(channel, schemaOf));
  return gateway.notify(tx ?? db, name, text instanceof Promise ? await text : text, row);
}

/** Sends many events of one channel. */
export async function sendNotifyMany(
  db: Queryable,
  channel: string | ChannelDefinition,
  events: readonly NotifyEvent[],
  options: Pick<NotifyOptions, 'tx'>,
  schemaOf: SchemaOf,
): Promise<string[]> {
  if (options.tx !== undefined) checkTx(options.tx);
  const name = nameOf(channel);
  const schema = schemaFor(channel, schemaOf);
  const rows: (Omit<NotifyEvent, 'payload'> & { readonly payload: string | null })[] = [];
  let characters = 0;
  for (const [index, { payload, ...row }] of events.entries()) {
    const place = `event ${index + 1} of ${events.length}: `;
    checkNotify(name, row, place);
    const text = toText(name, payload, schema, place);
    rows.push({ ...row, payload: text instanceof Promise ? await text : text });
    characters += rows[index]?.payload?.length ?? 0;
    if (characters > mostCharacters)
      throw new RelayError(
        'RELAY_PAYLOAD_TOO_LARGE',
        `the payloads for channel ${JSON.stringify(name)} have over ${mostCharacters} characters from event ${index + 1} of ${events.length} on`,
        { hint: 'Send them with several calls in one transaction.' },
      );
  }
  return gateway.notifyMany(options.tx ?? db, name, rows);
}

const schemaFor = (channel: string | ChannelDefinition, schemaOf: SchemaOf): StandardSchemaV1 | undefined =>
  typeof channel === 'string' ? schemaOf(channel) : channel?.payload;

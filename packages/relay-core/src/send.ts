import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type ChannelDefinition, nameOf } from './channels/define-channel.js';
import { checkNotify, checkTx } from './check-notify.js';
import type { NotifyEvent, NotifyOptions } from './client.js';
import { gateway } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';
import { isEventId } from './explanation.js';
import { toText } from './payload/to-text.js';
import { toCause } from './to-cause.js';

/** The schema that payloads for a channel must fit, if one is known. */
export type SchemaOf = (channel: string) => StandardSchemaV1 | undefined;

/** The most characters of payload in one call: one statement carries them all. */
const mostCharacters = 2 ** 27;

/** Sends one event; `parent` is the event whose handler sends it. */
export async function sendNotify(
  db: Queryable,
  channel: string | ChannelDefinition,
  payload: unknown,
  options: NotifyOptions,
  schemaOf: SchemaOf,
  parent?: string,
): Promise<string> {
  const { tx, traceparent, ...row } = options;
  if (tx !== undefined) checkTx(tx);
  const name = nameOf(channel);
  checkNotify(name, row);
  const text = toText(name, payload, schemaFor(channel, schemaOf));
  return gateway.notify(tx ?? db, name, text instanceof Promise ? await text : text, row, toCause(traceparent, parent));
}

/** Sends many events of one channel. */
export async function sendNotifyMany(
  db: Queryable,
  channel: string | ChannelDefinition,
  events: readonly NotifyEvent[],
  options: Pick<NotifyOptions, 'tx' | 'traceparent'>,
  schemaOf: SchemaOf,
  parent?: string,
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
  return gateway.notifyMany(options.tx ?? db, name, rows, toCause(options.traceparent, parent));
}

/** Sends an event that waits for others to end. */
export async function sendAfterAll(
  db: Queryable,
  ids: readonly string[],
  channel: string | ChannelDefinition,
  payload: unknown,
  { tx, priority }: Pick<NotifyOptions, 'tx' | 'priority'>,
  schemaOf: SchemaOf,
): Promise<string> {
  if (tx !== undefined) checkTx(tx);
  const name = nameOf(channel);
  checkNotify(name, priority === undefined ? {} : { priority });
  const wrong = ids.find((id) => !isEventId(id));
  if (wrong !== undefined)
    throw new RelayError('RELAY_ARGUMENT_INVALID', `the id of an event to wait for is ${JSON.stringify(wrong)}`, {
      hint: 'Give the texts that notify() returned.',
    });
  const text = toText(name, payload, schemaFor(channel, schemaOf));
  return gateway.afterAll(tx ?? db, ids, name, text instanceof Promise ? await text : text, priority ?? null);
}

const schemaFor = (channel: string | ChannelDefinition, schemaOf: SchemaOf): StandardSchemaV1 | undefined =>
  typeof channel === 'string' ? schemaOf(channel) : channel?.payload;

import { RelayError } from '@pgrelay/relay-core';
import { verifyWebhook } from '../signing/verify-webhook.js';
import {
  defaultInboundOptions,
  type InboundChannel,
  type InboundOptions,
  inboundEnvironment,
} from './inbound-options.js';

/** What a sender must show. With neither tokens nor secrets nobody may send. */
export interface Credentials {
  readonly tokens: readonly string[];
  readonly secrets: readonly string[];
}

export interface CheckedChannel extends Credentials {
  readonly payload: 'json' | 'text';
  readonly requireKey: boolean;
}

export interface CheckedInbound extends Required<Pick<InboundOptions, keyof typeof defaultInboundOptions>> {
  readonly channels: ReadonlyMap<string, CheckedChannel>;
  /** For channels that are not on the list: whoever cannot show these does not learn which are. */
  readonly general: Credentials;
}

const numbers: readonly (readonly [keyof typeof defaultInboundOptions, number, number])[] = [
  ['toleranceMs', 1, 86_400_000],
  ['bodyLimitBytes', 1, 134_217_728],
  ['keepKeysDays', 1, 36_500],
];
const options = ['channels', 'tokens', 'secrets', ...numbers.map(([name]) => name)];
const channelOptions = ['tokens', 'secrets', 'payload', 'requireKey'];

/** Fills in what the options leave out, and refuses what cannot work. No error quotes a token or a secret. @throws RelayError PLUGIN_HTTP_INBOUND_INVALID */
export function checkInbound(given: InboundOptions, env: NodeJS.ProcessEnv = process.env): CheckedInbound {
  refuseUnknown('inbound', given, options);
  const limits = { ...defaultInboundOptions, ...defined(given) } as Required<InboundOptions>;
  for (const [name, least, most] of numbers) {
    const value = limits[name];
    if (!Number.isInteger(value) || value < least || value > most)
      refuse(`inbound.${name} is ${JSON.stringify(value)}`, `A whole number, ${least} to ${most}.`);
  }
  const general = {
    tokens: tokensOf('inbound', given.tokens ?? words(env[inboundEnvironment.tokens])),
    secrets: secretsOf('inbound', given.secrets ?? words(env[inboundEnvironment.secrets])),
  };
  const names = Object.keys(given.channels ?? {});
  if (names.length === 0)
    refuse('inbound.channels is empty', "Name the channels that take events: { 'order.paid': {} }.");
  const channels = new Map(names.map((name) => [name, checkChannel(name, given.channels[name] ?? {}, general)]));
  const { toleranceMs, bodyLimitBytes, keepKeysDays } = limits;
  return { channels, general, toleranceMs, bodyLimitBytes, keepKeysDays };
}

function checkChannel(name: string, given: InboundChannel, general: Credentials): CheckedChannel {
  const where = `inbound.channels[${JSON.stringify(name)}]`;
  refuseUnknown(where, given, channelOptions);
  const { payload = 'json', requireKey = false } = given;
  if (payload !== 'json' && payload !== 'text')
    refuse(`${where}.payload is ${JSON.stringify(payload)}`, "'json' or 'text'.");
  if (typeof requireKey !== 'boolean') refuse(`${where}.requireKey is ${JSON.stringify(requireKey)}`, 'true or false.');
  const tokens = given.tokens === undefined ? general.tokens : tokensOf(where, given.tokens);
  const secrets = given.secrets === undefined ? general.secrets : secretsOf(where, given.secrets);
  if (tokens.length === 0 && secrets.length === 0) {
    refuse(
      `${where} has neither tokens nor secrets, so anybody could send`,
      `Give tokens or secrets, or set ${inboundEnvironment.tokens} or ${inboundEnvironment.secrets}.`,
    );
  }
  return { tokens, secrets, payload, requireKey };
}

function tokensOf(where: string, tokens: readonly string[]): readonly string[] {
  const isGood = (token: unknown) => typeof token === 'string' && /^[\x21-\x7e]{16,}$/.test(token);
  if (!Array.isArray(tokens) || !tokens.every(isGood))
    refuse(
      `${where}.tokens has one that cannot be used`,
      'A token has at least 16 visible ASCII characters, and no space.',
    );
  return tokens;
}

function secretsOf(where: string, secrets: readonly string[]): readonly string[] {
  const isGood = (secret: unknown) => typeof secret === 'string' && /^wh(sec|pk)_/.test(secret) && isReadable(secret);
  if (!Array.isArray(secrets) || !secrets.every(isGood))
    refuse(
      `${where}.secrets has one that cannot be used`,
      'A secret is whsec_… or whpk_…, as Standard Webhooks has them.',
    );
  return secrets;
}

/** Only who verifies knows what can be read: a request without headers fails for another reason when the secret is good. */
function isReadable(secret: string): boolean {
  try {
    verifyWebhook({ secrets: [secret], headers: {}, body: '' });
    return true;
  } catch (error) {
    return !(error instanceof RelayError && error.code === 'PLUGIN_HTTP_SECRET_INVALID');
  }
}

const words = (text: string | undefined): readonly string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

const defined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

function refuseUnknown(where: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(defined(given)).find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`${where} has no ${JSON.stringify(unknown)}`, `Options are ${known.join(', ')}.`);
}

function refuse(what: string, hint: string): never {
  throw new RelayError('PLUGIN_HTTP_INBOUND_INVALID', `http(): ${what}`, { hint });
}

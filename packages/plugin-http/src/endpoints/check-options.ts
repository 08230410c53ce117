import { RelayError } from '@pgrelay/relay-core';
import { type CheckedInbound, checkInbound } from '../inbound/check-inbound.js';
import { AddressPolicy } from '../net/address-policy.js';
import { defaultHttpOptions, type HttpOptions } from '../options.js';
import { type CheckedEndpoint, checkEndpoint } from './check-endpoint.js';
import type { UrlRules } from './url-fault.js';

const bounds: readonly (readonly [keyof HttpOptions, number, number])[] = [
  ['originConcurrency', 1, 10_000],
  ['connectTimeoutMs', 1, 3_600_000],
  ['maxRequestBytes', 1, 1_073_741_824],
  ['maxResponseBytes', 0, 1_073_741_824],
  ['excerptBytes', 0, 4_096],
  ['keepAttemptsDays', 1, 36_500],
];

/** The options with their defaults, and what was made of them. */
export interface CheckedOptions extends Omit<HttpOptions, 'endpoints' | 'inbound'> {
  readonly endpoints: readonly CheckedEndpoint[];
  readonly rules: UrlRules;
  readonly inbound: CheckedInbound | undefined;
}

/**
 * Fills in the defaults and refuses what cannot work.
 * @throws RelayError PLUGIN_HTTP_OPTION_INVALID, and what checkEndpoint() and checkInbound() throw
 */
export function checkOptions(given: Partial<HttpOptions>): CheckedOptions {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(defined).find((name) => !(name in defaultHttpOptions));
  if (unknown !== undefined) {
    const hint = `Options are ${Object.keys(defaultHttpOptions).join(', ')}.`;
    refuse(`${JSON.stringify(unknown)} is no option of http()`, hint);
  }
  const options: HttpOptions = { ...defaultHttpOptions, ...defined };
  for (const [name, least, most] of bounds) {
    const value = options[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      refuse(`${name} is ${JSON.stringify(value)}`, `A whole number, ${least} to ${most}.`);
  }
  const rules = { allowHttp: options.allowHttp, addresses: policyOf(options.allowAddresses) };
  const endpoints = Object.entries(options.endpoints).map(([channel, endpoint]) =>
    checkEndpoint(channel, endpoint, rules),
  );
  const inbound = options.inbound === undefined ? undefined : checkInbound(options.inbound);
  return { ...options, endpoints, rules, inbound };
}

function policyOf(allowed: readonly string[]): AddressPolicy {
  try {
    return new AddressPolicy(allowed);
  } catch (error) {
    return refuse(
      `allowAddresses: ${error instanceof Error ? error.message : ''}`,
      "For example ['10.1.0.0/16', '::1'].",
    );
  }
}

function refuse(what: string, hint: string): never {
  throw new RelayError('PLUGIN_HTTP_OPTION_INVALID', `http(): ${what}`, { hint });
}

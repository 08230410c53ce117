import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.js';

/** A name, or a number in a URL, led to an address that requests may not go to. Says neither. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor() {
    super('the address is not one that requests may go to');
  }
}

export interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly http2: boolean;
  readonly ca: readonly string[];
  readonly lookup: LookupFunction | undefined;
}

/**
 * Connects to addresses that the policy allows, and to no others: the addresses that a name leads to are checked in the look-up
 * of this very connection, so that no second answer can take their place, and the one at the other end is checked again.
 */
export function guardedConnector(policy: AddressPolicy, options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    allowH2: options.http2,
    timeout: options.connectTimeoutMs,
    lookup: guardedLookup(policy, options.lookup ?? (systemLookup as LookupFunction)),
    ...(options.ca.length === 0 ? {} : { ca: [...options.ca] }),
  });
  return (target, callback) => {
    // A host that is a number is not looked up.
    if (isIP(target.hostname) !== 0 && !policy.allows(target.hostname)) {
      queueMicrotask(() => callback(new AddressRefused(), null));
      return;
    }
    connect(target, (...[error, socket]) => {
      if (error !== null || socket === null) {
        callback(error ?? new Error('no connection'), null);
      } else if (!policy.allows(socket.remoteAddress ?? '')) {
        socket.destroy();
        callback(new AddressRefused(), null);
      } else {
        callback(null, socket);
      }
    });
  };
}

/** One address that may not be connected to is enough: such a name is up to something. */
function guardedLookup(policy: AddressPolicy, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const addresses = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }];
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => policy.allows(address))) {
        callback(new AddressRefused(), []);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

// ipaddr.js knows the special ranges of IPv4 and IPv6 and is kept up with their registries.
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** The only part of IPv6 that the internet is in: NAT64, IPv4 in IPv6, site-local and whatever comes is outside of it. */
const globalIpv6: Range = ipaddr.parseCIDR('2000::/3');

/** Public by number, but the host of a cloud's machines: Azure's. */
const hostsOfClouds: readonly Address[] = [ipaddr.parse('168.63.129.16')];

/** Which addresses requests may go to: public ones, and those that were allowed by name. */
export class AddressPolicy {
  readonly #allowed: readonly Range[];

  /** `allowed`: addresses and ranges such as `10.1.0.0/16`. @throws TypeError for one that is neither */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed.map(readRange);
  }

  /** Whether this numeric address may be connected to; false for anything that is no address. */
  allows(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text); // ::ffff:127.0.0.1 is 127.0.0.1
    return this.#allowed.some((range) => isIn(address, range)) || isPublic(address);
  }
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv6') return isIn(address, globalIpv6);
  return !hostsOfClouds.some((host) => host.toString() === address.toString());
}

function isIn(address: Address, range: Range): boolean {
  return address.kind() === range[0].kind() && address.match(range);
}

/** Reads `10.1.0.0/16` or one address. @throws TypeError */
export function readRange(text: string): Range {
  const bits = (address: Address) => (address.kind() === 'ipv4' ? 32 : 128);
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    if (ipaddr.IPv4.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) throw new TypeError('not four numbers');
    const address = ipaddr.process(text);
    return [address, bits(address)] as Range;
  } catch (error) {
    throw new TypeError(`${JSON.stringify(text)} is no address and no range`, { cause: error });
  }
}

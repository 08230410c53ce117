import { http } from '@pgrelay/plugin-http';
import { describe, expect, test } from 'vitest';
import { readUrl } from '../src/endpoints/url-fault.js';
import { AddressPolicy } from '../src/net/address-policy.js';

const nobody = new AddressPolicy([]);

describe('addresses that requests may not go to', () => {
  test.each([
    ['this network', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback, another', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT, and the metadata of Alibaba', '100.100.100.200'],
    ['link-local, and the metadata of AWS, Azure and Google', '169.254.169.254'],
    ['metadata of ECS tasks', '169.254.170.2'],
    ['metadata of Oracle', '192.0.0.192'],
    ['the host of machines in Azure', '168.63.129.16'],
    ['documentation', '192.0.2.1'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['6to4 relay', '192.88.99.1'],
    ['IPv6 unspecified', '::'],
    ['IPv6 loopback', '::1'],
    ['IPv4 in IPv6', '::ffff:127.0.0.1'],
    ['IPv4 in IPv6, private', '::ffff:10.0.0.1'],
    ['IPv4 in IPv6, in hexadecimal', '::ffff:7f00:1'],
    ['IPv4 in IPv6, as it was once', '::127.0.0.1'],
    ['IPv4 translated', '::ffff:0:127.0.0.1'],
    ['6to4 of 127.0.0.1', '2002:7f00:1::'],
    ['6to4 of a public address', '2002:808:808::'],
    ['NAT64 of 127.0.0.1', '64:ff9b::7f00:1'],
    ['NAT64 of a public address', '64:ff9b::808:808'],
    ['NAT64 within a network', '64:ff9b:1::7f00:1'],
    ['Teredo', '2001::1'],
    ['unique local, and the metadata of AWS', 'fd00:ec2::254'],
    ['link-local IPv6', 'fe80::1'],
    ['link-local IPv6 with a zone', 'fe80::1%eth0'],
    ['site-local IPv6', 'fec0::1'],
    ['multicast IPv6', 'ff02::1'],
    ["IPv6 that is nobody's", '4000::1'],
    ['documentation IPv6', '2001:db8::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('%s: %s', (_what, address) => {
    expect(nobody.allows(address)).toBe(false);
  });

  test.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    'public: %s',
    (address) => {
      expect(nobody.allows(address)).toBe(true);
    },
  );

  test('an address or a range that is allowed by name, and no other', () => {
    const some = new AddressPolicy(['10.1.0.0/16', '127.0.0.1', 'fd00::/8', '::ffff:192.168.0.1']);
    for (const yes of ['10.1.2.3', '127.0.0.1', '::ffff:127.0.0.1', 'fd12::1', '192.168.0.1', '8.8.8.8'])
      expect({ yes, allowed: some.allows(yes) }).toEqual({ yes, allowed: true });
    for (const no of ['10.2.0.1', '127.0.0.2', '::1', 'fe80::1', '192.168.0.2', '64:ff9b::7f00:1'])
      expect({ no, allowed: some.allows(no) }).toEqual({ no, allowed: false });
  });

  test.each(['10.0.0.0/33', 'localhost', '10.1', '', '0x7f.1'])('%j is no range', (range) => {
    expect(() => http({ allowAddresses: [range] })).toThrow(
      expect.objectContaining({ code: 'PLUGIN_HTTP_OPTION_INVALID' }),
    );
  });
});

describe('URLs are read before anything is looked up', () => {
  test.each([
    ['short', 'https://127.1/'],
    ['hexadecimal', 'https://0x7f.1/'],
    ['hexadecimal, whole', 'https://0x7f000001/'],
    ['decimal', 'https://2130706433/'],
    ['octal', 'https://0177.0.0.1/'],
    ['wide digits', 'https://１２７.0.0.1/'],
    ['a dot behind', 'https://127.0.0.1./'],
    ['IPv6', 'https://[::1]/'],
    ['IPv4 in IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['6to4', 'https://[2002:7f00:1::]/'],
    ['NAT64', 'https://[64:ff9b::7f00:1]/'],
    ['metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['escaped', 'https://%31%32%37.0.0.1/'],
  ])('%s: %s', (_what, url) => {
    expect(readUrl(url, { allowHttp: false, addresses: nobody })).toMatchObject({
      code: 'PLUGIN_HTTP_ADDRESS_REFUSED',
    });
  });

  test.each([
    ['PLUGIN_HTTP_INSECURE', 'http://example.com/'],
    ['PLUGIN_HTTP_URL_INVALID', 'https://user:hunter2@example.com/'],
    ['PLUGIN_HTTP_URL_INVALID', 'https://127.0.0.1@example.com/'],
    ['PLUGIN_HTTP_URL_INVALID', 'https://example.com/\r\nhost: internal'],
    ['PLUGIN_HTTP_URL_INVALID', 'https://exa\tmple.com/'],
    ['PLUGIN_HTTP_URL_INVALID', 'https:\\\\example.com/'],
    ['PLUGIN_HTTP_URL_INVALID', 'file:///etc/passwd'],
    ['PLUGIN_HTTP_URL_INVALID', 'gopher://example.com/'],
    ['PLUGIN_HTTP_URL_INVALID', '//example.com/'],
  ])('%s: %j', (code, url) => {
    const read = readUrl(url, { allowHttp: false, addresses: nobody });
    expect(read).toMatchObject({ code });
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });
});

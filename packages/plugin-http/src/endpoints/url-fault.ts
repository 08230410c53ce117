import { isIP } from 'node:net';
import type { AddressPolicy } from '../net/address-policy.js';
import type { Fault } from './target.js';

/** Which URLs a Processor sends to at all. */
export interface UrlRules {
  readonly allowHttp: boolean;
  readonly addresses: AddressPolicy;
}

/** A URL that was read, or what is wrong with it, as far as that can be seen without looking its name up. */
export function readUrl(text: string, rules: UrlRules): { readonly url: URL } | Fault {
  const fault = (what: string, hint = 'Give a URL such as https://example.com/hooks.'): Fault => ({
    code: 'PLUGIN_HTTP_URL_INVALID',
    what,
    hint,
  });
  // The parser drops control characters and outer blanks without a word.
  if (typeof text !== 'string' || /[\p{Cc}\s\\]/u.test(text))
    return fault('url has a space, a backslash or a control character');
  if (!URL.canParse(text)) return fault('url is no absolute URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return fault(`url has the scheme ${JSON.stringify(url.protocol)}`);
  if (url.username !== '' || url.password !== '')
    return fault('url has a user or password in it', 'Send an authorization header instead.');
  if (url.protocol === 'http:' && !rules.allowHttp) {
    return {
      code: 'PLUGIN_HTTP_INSECURE',
      what: 'url is not https:',
      hint: 'Use https:, or give http() the option allowHttp: anybody on the way can then read and change the requests.',
    };
  }
  // 0x7f.1, 2130706433 and 0177.1 are all 127.0.0.1 by now.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !rules.addresses.allows(host)) {
    return {
      code: 'PLUGIN_HTTP_ADDRESS_REFUSED',
      what: 'url names an address that is not public',
      hint: 'Give http() the option allowAddresses with it, if requests are meant to go there.',
    };
  }
  return { url };
}

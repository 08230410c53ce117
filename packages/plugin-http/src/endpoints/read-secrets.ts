import { readSigningKey, type SigningKey } from '../signing/signing-key.js';
import type { Fault } from './target.js';

/** The keys behind secrets, those of `env:NAME` read from the environment; or what is wrong with one. */
export function readSecrets(
  secrets: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly keys: readonly SigningKey[] } | Fault {
  const keys: SigningKey[] = [];
  for (const secret of secrets) {
    const variable = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(secret)?.[1];
    const value = variable === undefined ? secret : environment[variable];
    if (value === undefined || value === '') {
      return {
        code: 'PLUGIN_HTTP_SECRET_MISSING',
        what: `the environment has no variable ${variable}`,
        hint: 'Start the Processor with it, or change the secrets of the endpoint.',
      };
    }
    const key = readSigningKey(value);
    if (key === undefined) {
      return {
        code: 'PLUGIN_HTTP_SECRET_INVALID',
        what: variable === undefined ? 'a secret cannot be used' : `the secret in variable ${variable} cannot be used`,
        hint: 'whsec_ and 24 to 64 octets as base64, whsk_ and the 32 octets of an ed25519 key as base64, or env:NAME.',
      };
    }
    keys.push(key);
  }
  return { keys };
}

import { http } from '@pgrelay/plugin-http';
import { RelayError } from '@pgrelay/relay-core';
import { afterEach, expect, test } from 'vitest';
import { tokenCheck } from '../src/inbound/token-check.js';

const tokens = ['a-token-of-hunter2-length'];
const good = { channels: { 'in.a': {} }, tokens };

afterEach(() => {
  delete process.env['PGRELAY_HTTP_INBOUND_TOKENS'];
});

test.each([
  ['no channel is allowed', { ...good, channels: {} }],
  ['nobody has to show anything', { channels: { 'in.a': {} } }],
  ['a channel asks for nothing', { ...good, channels: { 'in.a': { tokens: [] } } }],
  ['a token is short', { ...good, tokens: ['hunter2'] }],
  ['a token has a space', { ...good, tokens: ['hunter2 hunter2 hunter2'] }],
  ['a secret is none', { ...good, secrets: ['hunter2'] }],
  ['a secret is a private key', { ...good, secrets: ['whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc='] }],
  ['a public key is too short', { ...good, secrets: ['whpk_aHVudGVyMg=='] }],
  ['an option is unknown', { ...good, token: 'hunter2' }],
  ['an option of a channel is unknown', { ...good, channels: { 'in.a': { schema: {} } } }],
  ['a payload is neither', { ...good, channels: { 'in.a': { payload: 'xml' } } }],
  ['a limit is out of range', { ...good, bodyLimitBytes: 0 }],
  ['a tolerance is out of range', { ...good, toleranceMs: Number.POSITIVE_INFINITY }],
])('%s: refused before anything starts, and no secret is quoted', (_what, inbound) => {
  let error: unknown;
  try {
    http({ inbound: inbound as typeof good });
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(RelayError);
  expect(error).toMatchObject({ code: 'PLUGIN_HTTP_INBOUND_INVALID' });
  const { message, hint } = error as RelayError;
  expect(`${message} ${hint}`).not.toContain('hunter2');
});

test('tokens may come from the environment', () => {
  process.env['PGRELAY_HTTP_INBOUND_TOKENS'] = 'first-token-of-two second-token-of-two';
  expect(http({ inbound: { channels: { 'in.a': {} } } }).name).toBe('http');
  process.env['PGRELAY_HTTP_INBOUND_TOKENS'] = 'short';
  expect(() => http({ inbound: { channels: { 'in.a': {} } } })).toThrow(
    expect.objectContaining({ code: 'PLUGIN_HTTP_INBOUND_INVALID' }),
  );
});

test('a token is one of several, or none', () => {
  const fits = tokenCheck(['first', 'second']);
  expect(['first', 'second', 'third', '', 'firs', 'first '].map(fits)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(tokenCheck([])('')).toBe(false);
});

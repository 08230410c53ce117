import { isDeepStrictEqual } from 'node:util';

/** A payload, a part of one (of an object the properties that are named; arrays as a whole), or a function that judges it. */
export type PayloadMatcher = unknown | ((payload: never) => boolean);

/** Where a payload is not what was expected, one line a place; none: it fits. */
export function differences(payload: unknown, expected: PayloadMatcher, place = 'payload'): string[] {
  if (typeof expected === 'function')
    return expected(payload) === true ? [] : [`${place} is not what the function wants`];
  if (Array.isArray(expected) && Array.isArray(payload) && expected.length === payload.length)
    return expected.flatMap((one, index) => differences(payload[index], one, `${place}[${index}]`));
  if (isObject(expected) && isObject(payload))
    return Object.entries(expected).flatMap(([key, value]) => differences(payload[key], value, `${place}.${key}`));
  return isDeepStrictEqual(payload, expected) ? [] : [`${place} is ${shown(payload)} instead of ${shown(expected)}`];
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return '[a function]';
  const text = JSON.stringify(value, (_key, one) => (typeof one === 'function' ? '[a function]' : one));
  return text === undefined ? String(value) : text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

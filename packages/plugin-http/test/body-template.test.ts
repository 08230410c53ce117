import { describe, expect, test } from 'vitest';
import { fillIn, isTemplate } from '../src/body/body-template.js';

const event = { id: '42', channel: 'order.placed', enqueuedAt: new Date('2026-11-28T10:00:00Z'), dedupKey: null };
const payload = {
  id: 7,
  name: 'Ann "A"',
  items: [{ sku: 'x' }, { sku: 'y' }],
  deep: { none: null },
  '{{event.id}}': 1,
};

describe('a body template', () => {
  test('a whole string becomes the value, inside a longer one the value is text, and text cannot become JSON', () => {
    const template = {
      text: 'Order {{payload.id}} of {{ payload.name }}: {{payload.items.1.sku}}',
      order: '{{payload.items}}',
      all: '{{payload}}',
      meta: ['{{event.id}}', '{{event.channel}}', '{{event.enqueued_at}}', '{{event.dedup_key}}', 1, true, null],
      none: [
        '{{payload.deep.none}}',
        '{{payload.deep.missing.too}}',
        '<{{payload.missing}}>',
        '{{payload.name.length}}',
      ],
      objects: 'in text: {{payload.deep}}',
    };
    expect(fillIn(template, event, payload)).toEqual({
      text: 'Order 7 of Ann "A": y',
      order: payload.items,
      all: payload,
      meta: ['42', 'order.placed', '2026-11-28T10:00:00.000Z', null, 1, true, null],
      none: [null, null, '<>', null],
      objects: 'in text: {"none":null}',
    });
  });

  test('what was put in is not looked at again, and nothing is reached but what the payload has of its own', () => {
    expect(fillIn('{{payload.a}}', event, { a: '{{event.id}}' })).toBe('{{event.id}}');
    expect(fillIn('{{payload.constructor}}', event, {})).toBe(null);
    expect(fillIn('{{payload.__proto__}}', event, {})).toBe(null);
    expect(fillIn('{{payload.x}}', event, null)).toBe(null);
  });

  test.each([
    [{ a: '{{payload.a.0}} and {{event.id}}', b: [1, null, true, 'no holes { }'] }, true],
    ['{{payload', false],
    ['}}', false],
    ['{{event.payload}}', false],
    ['{{payload.}}', false],
    ['{{secret}}', false],
    [{ '{{payload}}': 1 }, false],
    [{ a: [{ b: '{{#if payload}}' }] }, false],
  ])('%j can be filled in: %s', (template, can) => {
    expect(isTemplate(template)).toBe(can);
  });
});

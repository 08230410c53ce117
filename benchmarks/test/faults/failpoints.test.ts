import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { failpoint, failpoints, Hits } from '../../dist/faults/failpoint.js';
import { callOf, stageOf, stages, unstaged } from '../../dist/faults/stages.js';

const core = (name: string) => new URL(`../../../packages/relay-core/src/${name}`, import.meta.url);
const source = (name: string) => readFileSync(core(name), 'utf8');
const gateway = readdirSync(core('db/gateway'))
  .map((name) => source(`db/gateway/${name}`))
  .join('');
const handlers = readFileSync(new URL('../../dist/faults/victim/handlers.js', import.meta.url), 'utf8');

describe('the table of stages', () => {
  test('knows every call that a Processor makes, and no other: each has a failpoint or a reason to have none', () => {
    const functions = [...gateway.matchAll(/\bpgrelay\.(\w+)\(/g)].map(([, name]) => name);
    const ends = [...source('flow/run-transaction.ts').matchAll(/'(commit|rollback)'/g)].map(([, word]) => word);
    const known = [...stages.flatMap(({ call }) => call ?? []), ...Object.keys(unstaged)];
    expect([...new Set(known)].sort()).toEqual([...new Set([...functions, ...ends])].sort());
  });

  test('gives each statement one stage', () => {
    expect(callOf('select id from pgrelay.claim_v1($1, $2)')).toBe('claim_v1');
    expect(callOf('select pgrelay.notify($1, coalesce($2, pgrelay.clock_now())) as id')).toBe('notify');
    expect(callOf('commit')).toBe('commit');
    expect(callOf('insert into faults.effect values ($1)')).toBeUndefined();
    expect(stageOf('settle_v1', true)?.name).toBe('settle-tx');
    expect(stageOf('settle_v1', false)?.name).toBe('settle');
    expect(stageOf('commit', true)?.name).toBe('commit');
    expect(stageOf('commit', false)?.name).toBe('commit');
    expect(stageOf('peek_v1', false)).toBeUndefined();
    expect(new Set(failpoints.map(({ name }) => name)).size).toBe(failpoints.length);
  });

  test('has every point in a handler that the handlers reach, and no other', () => {
    const reached = [...handlers.matchAll(/reach\('([\w-]+)', '(\w+)'\)/g)].map(
      ([, stage, point]) => `${stage}:${point}`,
    );
    const own = failpoints.filter(({ stage }) => stage.call === undefined).map(({ name }) => name);
    expect(reached.sort()).toEqual(own.sort());
  });
});

describe('failpoints', () => {
  test('one that does not exist is an error', () => {
    expect(() => failpoint('claim:nowhere')).toThrow(/no failpoint claim:nowhere.*claim:before/);
    expect(() => new Hits(['claims:before'], 1)).toThrow(/no failpoint/);
  });

  test('one that nobody asked for is an error when it is hit, and one that is hit too seldom is missing', () => {
    const hits = new Hits(['claim:before', 'settle:sent'], 2);
    expect(() => hits.count('claim:after')).toThrow(/nobody had asked/);
    for (const name of ['claim:before', 'claim:before', 'settle:sent']) hits.count(name);
    expect(hits.missing).toEqual(['failpoint settle:sent: 1 hits of 2']);
    expect(hits.total).toBe(3);
    hits.count('settle:sent');
    expect(hits.missing).toEqual([]);
    expect(new Hits(['claim:before'], 1).missing).toEqual(['failpoint claim:before: 0 hits of 1']);
  });
});

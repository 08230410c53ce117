import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { sqlFile } from '../src/harness/sql-files.js';
import {
  type CaptureContender,
  contendersOf,
  fourStatements,
  mismatches,
  oneInsert,
} from '../src/scenarios/capture/contender.js';
import { contenders, judgeCapture } from '../src/scenarios/capture/judge-capture.js';
import { type CaptureFigures, setUp } from '../src/scenarios/capture/run-capture.js';

const db = useDatabase();

describe('the ledger of the capture benchmark', () => {
  beforeEach(async () => {
    await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
    await db.query('drop schema if exists bench cascade');
    await db.query('drop table if exists public.materialized_view_state');
    await db.query(sqlFile('drain/effects.sql'));
  });

  /** Runs so many transactions as the clients would; what they left. */
  async function write(contender: CaptureContender, transactions: number): Promise<Record<string, unknown>> {
    const client = await db.connect();
    await setUp(contender, client);
    for (let n = 0; n < transactions; n += 1)
      for (const name of contender.shape.statements) {
        const text = sqlFile(`enqueue/${name}.sql`);
        await client.query(text, text.includes('$1') ? ['1'] : []);
      }
    return (await client.query(sqlFile('capture/ledger.sql'))).rows[0] ?? {};
  }

  test.each([oneInsert, fourStatements])(
    '$name: twenty views with one watch write exactly as many change rows as one',
    async (shape) => {
      const { capture, twenty } = contendersOf(shape);
      const before = await changes();
      const alone = await write(capture, 3);
      const one = Number(alone['changes']) - before;
      expect(one).toBe(3 * shape.watches);
      await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
      await db.query('drop schema bench cascade');
      await db.query(sqlFile('drain/effects.sql'));
      const again = await changes();
      const all = await write(twenty, 3);
      expect(Number(all['changes']) - again).toBe(one);
      expect(all).toMatchObject({ orders: 3 * shape.orders, lines: 3 * shape.lines });
    },
  );

  test('no trigger leaves no change row; the published pattern leaves its flag', async () => {
    const { none, dirtyFlag } = contendersOf(fourStatements);
    const before = await changes();
    expect(await write(none, 2)).toMatchObject({ orders: 2, lines: 6, changes: before });
    await db.query('drop schema bench cascade');
    await db.query(sqlFile('drain/effects.sql'));
    await write(dirtyFlag, 1);
    expect(await db.query(sqlFile('capture/flagged.sql'))).toEqual([{ flagged: 1 }]);
  });

  /** Firings of earlier tests stay in the log. */
  async function changes(): Promise<number> {
    const [row] = await db.query<{ n: number }>(
      `select ((select count(*) from pgauto_mv.change) + (select count(*) from pgauto_mv.log where kind = 'firing'))::int as n`,
    );
    return row?.n ?? 0;
  }
});

test('a transaction that left a row too few or a change too many is said', () => {
  const { capture } = contendersOf(fourStatements);
  expect(mismatches(capture, 2, { orders: 2, lines: 6, changes: 4 })).toEqual([]);
  expect(mismatches(capture, 2, { orders: 2, lines: 5, changes: 5 })).toEqual([
    '2 transactions should leave 6 lines, there are 5',
    '2 transactions should leave 4 changes, there are 5',
  ]);
});

describe('the capture benchmark', () => {
  const figures = (contender: CaptureContender, perSecond: number, change: Partial<CaptureFigures> = {}) =>
    [
      contender,
      [
        {
          transactions: 100,
          everyTransaction: 110,
          perSecond,
          sessionMicros: 10,
          clientMicros: 10,
          changes: contender.way === 'capture' ? contender.shape.watches : 0,
          wrong: [],
          ...change,
        },
      ],
    ] as const;
  const rates = { none: 1_000, capture: 800, 'dirty flag': 200 };

  function judged(
    of: Partial<Record<CaptureContender['way'], number>>,
    change: Partial<CaptureFigures> = {},
    quick = false,
  ) {
    const all = { ...rates, ...of };
    const rounds = contenders.map((contender) =>
      figures(contender, all[contender.way], contender.views === 20 ? change : {}),
    );
    return judgeCapture(new Map(rounds), { quick });
  }

  test('passes at its bars', () => {
    const { passed, lines } = judged({ 'dirty flag': 260 });
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain(
      '| 1 insert, capture / none | 0.80 | 0.80–0.80 | 0.80 | at least 0.75 | 0.85 | met |',
    );
    expect(lines.join('\n')).toContain('| 4 statements, capture / dirty flag | 3.08 |');
  });

  test('fails when capture keeps too little of none, or not three times the dirty flag', () => {
    const missed = (of: Parameters<typeof judged>[0]) => {
      const { passed, lines } = judged(of);
      expect(passed).toBe(false);
      return lines.filter((line) => line.includes('**NOT MET**')).map((line) => line.split(' | ')[0]);
    };
    expect(missed({ capture: 790 })).toEqual(['| 4 statements, capture / none']);
    expect(missed({ capture: 740 })).toEqual(['| 1 insert, capture / none', '| 4 statements, capture / none']);
    expect(missed({ 'dirty flag': 270 })).toEqual([
      '| 1 insert, capture / dirty flag',
      '| 4 statements, capture / dirty flag',
    ]);
  });

  test('fails when twenty views write more than one, or the ledger does not add up, which a quick run judges too', () => {
    expect(judged({}, { changes: 2.01 }).passed).toBe(false);
    const { passed, lines } = judged({}, { wrong: ['a row is missing'] }, true);
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain('**LEDGER**: 1 insert, capture, 20 views: a row is missing');
    expect(judged({ capture: 1 }, {}, true).passed).toBe(true);
  });
});

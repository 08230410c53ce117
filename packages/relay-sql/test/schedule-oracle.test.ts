import { useDatabase } from '@pgrelay/test-support';
import { Cron } from 'croner';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const db = useDatabase();

/** Zones with every kind of clock: none, an hour, half an hour, on the southern side, and changed at midnight. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'America/Santiago',
  'Asia/Kolkata',
  'Africa/Cairo',
];

interface Case {
  readonly spec: string;
  readonly zone: string;
  readonly after: number;
}

async function nextFires(cases: readonly Case[]): Promise<(number | null)[]> {
  const rows = await db.query<{ at: number | null }>(
    `select extract(epoch from pgrelay.next_fire(c.spec, to_timestamp(c.after / 1000.0), c.zone))::float8 * 1000 as at
     from unnest($1::text[], $2::float8[], $3::text[]) with ordinality c(spec, after, zone, place) order by c.place`,
    [cases.map((c) => c.spec), cases.map((c) => c.after), cases.map((c) => c.zone)],
  );
  return rows.map((row) => row.at);
}

const croner = ({ spec, zone, after }: Case): number | null =>
  new Cron(spec, { timezone: zone, paused: true }).nextRun(new Date(after))?.getTime() ?? null;

const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);

/** A field: *, a step, a number, a range, a range with a step, or a list of them. */
function field(least: number, most: number): fc.Arbitrary<string> {
  const range = fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: most - least });
  const item = fc.oneof(
    number(least, most),
    range,
    fc.tuple(range, step).map(([r, s]) => `${r}/${s}`),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: step.map((s) => `*/${s}`) },
    { weight: 2, arbitrary: number(least, most) },
    { weight: 2, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')) },
  );
}

const monthName = fc.constantFrom('JAN', 'feb', 'MAR-JUN', 'Oct,Nov');
const dayName = fc.constantFrom('MON-FRI', 'sun', 'FRI-SUN', 'Tue,THU');
const dayOfMonth = fc.oneof(
  { weight: 4, arbitrary: field(1, 31) },
  { weight: 1, arbitrary: fc.constantFrom('L', '10,L') },
);
// croner takes a step over all days for a restriction; for us, as in cron, a field that begins with * is none. Tested by hand.
const likeCron = ([day = '', , weekday = '']: readonly string[]) =>
  day === '*' || weekday === '*' || !(day.startsWith('*') || weekday.startsWith('*'));
const days = fc
  .tuple(
    dayOfMonth,
    fc.oneof({ weight: 4, arbitrary: field(1, 12) }, { weight: 1, arbitrary: monthName }),
    fc.oneof({ weight: 4, arbitrary: field(0, 6) }, { weight: 1, arbitrary: dayName }),
  )
  .filter(likeCron)
  .map((fields) => fields.join(' '));

/** The moments at which the clocks of a zone are changed in the years in which a schedule may fire, to the second. */
function clockChanges(zone: string): number[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offset = (ms: number) => format.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value;
  const hour = 3_600_000;
  const changes: number[] = [];
  for (let ms = firstMoment; ms < lastFire; ms += 24 * hour) {
    if (offset(ms) === offset(ms + 24 * hour)) continue;
    let [low, high] = [ms, ms + 24 * hour];
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000;
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    changes.push(high);
  }
  return changes;
}

const firstMoment = Date.UTC(2024, 0, 1);
const lastMoment = Date.UTC(2028, 0, 1);
const lastFire = Date.UTC(2037, 0, 1); // nine years on: as long as the longest pause of a schedule
const changes = new Map(zones.map((zone) => [zone, clockChanges(zone)]));

const anywhere = fc.integer({ min: firstMoment / 1000, max: lastMoment / 1000 }).map((s) => s * 1000 + 250);

/** A zone and a moment, half the time within three hours of a change of its clocks. */
const place = fc.constantFrom(...zones).chain((zone) => {
  const known = (changes.get(zone) ?? []).filter((change) => change < lastMoment);
  const near =
    known.length === 0
      ? anywhere
      : fc
          .tuple(fc.constantFrom(...known), fc.integer({ min: -10_800, max: 10_800 }))
          .map(([change, s]) => change + s * 1000);
  return fc.record({ zone: fc.constant(zone), after: fc.oneof(anywhere, near) });
});

const cases = (spec: fc.Arbitrary<string>, count: number): fc.Arbitrary<Case[]> =>
  fc.array(
    fc.tuple(spec, place).map(([text, where]) => ({ spec: text, ...where })),
    { minLength: count, maxLength: count },
  );

/** Both answers are the same; of those that are not, all is shown. */
async function agree(batch: readonly Case[]): Promise<void> {
  const ours = await nextFires(batch);
  const differences = batch
    .map((c, i) => ({ ...c, ours: ours[i] ?? null, croner: croner(c) }))
    .filter((c) => c.ours !== c.croner);
  expect(differences).toEqual([]);
}

test('agrees with croner on schedules that go by elapsed time: * or */n hours', async () => {
  const hours = fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }).map((n) => `*/${n}`) },
  );
  const spec = fc.tuple(field(0, 59), field(0, 59), hours, days).map((fields) => fields.join(' '));
  await fc.assert(fc.asyncProperty(cases(spec, 200), agree), { numRuns: 8, endOnFailure: true });
});

test('agrees with croner on fixed times of day', async () => {
  const spec = fc.tuple(number(0, 59), number(0, 59), number(0, 23), days).map((fields) => fields.join(' '));
  await fc.assert(fc.asyncProperty(cases(spec, 200), agree), { numRuns: 8, endOnFailure: true });
});

test('agrees with croner on lists and ranges of hours, except where clocks are changed before the time or within a day', async () => {
  // croner treats a schedule with more than one time of day like one that goes by elapsed time; for us the hour field
  // decides, as documented: '*/10 2 * * *' is not lost on the day on which there is no 02:00.
  const hours = field(0, 23).filter((text) => !text.startsWith('*'));
  const spec = fc.tuple(field(0, 59), field(0, 59), hours, days).map((fields) => fields.join(' '));
  const day = 25 * 3_600_000;
  const away = ({ zone, after }: Case, at: number | null) =>
    (changes.get(zone) ?? []).every((change) => change < after - day || (at !== null && change > at + day));
  await fc.assert(
    fc.asyncProperty(cases(spec, 200), async (batch) => {
      await agree(batch.filter((c) => away(c, croner(c))));
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

test('near every change of the clocks, whatever the schedule: strictly later, never twice, and nothing left out', async () => {
  // The rule once more, second by second: what shows on the clock fits, the first of two equal times counts, and the end of a gap
  // stands for all that is in it.
  const hours = field(0, 23).filter((text) => !text.startsWith('*'));
  const spec = fc.tuple(fc.constant('0'), field(0, 59), hours).map((fields) => `${fields.join(' ')} * * *`);
  const near = fc
    .constantFrom(...zones.filter((zone) => (changes.get(zone) ?? []).length > 0))
    .chain((zone) =>
      fc.record({ zone: fc.constant(zone), change: fc.constantFrom(...(changes.get(zone) ?? [])), spec }),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(near, { minLength: 6, maxLength: 6 }), async (places) => {
      for (const { zone, change, spec: text } of places) {
        const begin = change - 3 * 3_600_000 - 1000;
        const rows = await db.query<{ at: number }>(
          `with recursive fire (at) as (
             select pgrelay.next_fire($1, to_timestamp($2), $3)
             union all
             select pgrelay.next_fire($1, at, $3) from fire where at < to_timestamp($4))
           select extract(epoch from at)::float8 * 1000 as at from fire where at <= to_timestamp($4)`,
          [text, begin / 1000, zone, change / 1000 + 3 * 3600],
        );
        expect({ text, zone, change, at: rows.map((row) => row.at) }).toEqual({
          text,
          zone,
          change,
          at: minuteByMinute(text, zone, begin, change + 3 * 3_600_000),
        });
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

/** The fixed-time rule as a walk over the minutes of a clock; knows nothing of time zone arithmetic. */
function minuteByMinute(text: string, zone: string, begin: number, end: number): number[] {
  const [, minutes = '', hours = ''] = text.split(' ');
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const shown = (ms: number): number => {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(
      part['year'] ?? 0,
      (part['month'] ?? 1) - 1,
      part['day'] ?? 1,
      part['hour'] ?? 0,
      part['minute'] ?? 0,
    );
  };
  const fits = (clock: number) =>
    includes(minutes, new Date(clock).getUTCMinutes(), 59) && includes(hours, new Date(clock).getUTCHours(), 23);
  const minute = 60_000;
  const fires: number[] = [];
  const start = Math.ceil((begin - 6 * 3_600_000) / minute) * minute; // from before, to know what has been shown already
  let furthest = shown(start - minute);
  for (let ms = start; ms <= end; ms += minute) {
    const clock = shown(ms);
    if (clock <= furthest) continue; // shown before
    let due = false;
    for (let skipped = furthest + minute; skipped <= clock; skipped += minute) due ||= fits(skipped);
    furthest = clock;
    if (due && ms > begin) fires.push(ms);
  }
  return fires;
}

function includes(text: string, value: number, most: number): boolean {
  return text.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [low = 0, high = low] = range === '*' ? [0, most] : range.split('-').map(Number);
    return value >= low && value <= high && (value - low) % Number(step) === 0;
  });
}

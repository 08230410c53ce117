import { type Bar, judge } from '../harness/bar.js';
import { startEngine } from '../harness/engine-process.js';
import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { installPeers } from '../harness/peers.js';
import { ratio } from '../harness/ratio.js';
import { withRelayDatabase } from '../harness/relay-database.js';
import { type RelayDrain, runRelayDrain } from '../harness/relay-drain.js';
import { drainHead, drainRow } from '../harness/relay-drain-table.js';
import type { Scenario } from '../harness/scenario.js';
import { sqlFile } from '../harness/sql-files.js';
import { concurrency, contenders, fair, fifo, keyed, plain, rate } from './limits/contenders.js';

const HANDLERS = new URL('limits/handlers.js', import.meta.url).href;
const EVENTS = { full: 100_000, quick: 1_500 } as const;
const AT_ONCE = 10_000;

/** What limits cost: channels of a leased handler that are limited, beside one that is not. */
export const limits: Scenario = {
  name: 'limits',
  title: 'How fast channels with limits are drained, beside one without',

  run(context) {
    const { quick, rounds, say } = context;
    const { node, versions } = installPeers(say);
    const events = quick ? EVENTS.quick : EVENTS.full;
    return withRelayDatabase('bench-limits', context, async ({ url, client }) => {
      for (const { channel, limits: limit } of contenders) {
        await client.query(sqlFile('engine/register.sql'), [channel, null]);
        if (limit !== undefined) {
          const { concurrency: most = null, fifo: inOrder = false, fair: inTurn = false, rate: starts = null } = limit;
          await client.query(sqlFile('limits/limit.sql'), [channel, most, inOrder, inTurn, starts]);
        }
      }
      const results = await interleave(contenders, rounds, async ({ name, channel, keys }, round) => {
        const fill = async () => {
          for (let from = 0; from < events; from += AT_ONCE)
            await client.query(sqlFile('limits/enqueue.sql'), [channel, Math.min(AT_ONCE, events - from), keys, from]);
        };
        const drain = await runRelayDrain(
          client,
          channel,
          events,
          () => startEngine({ url, handlers: HANDLERS }, node),
          fill,
        );
        say(`round ${round + 1}, ${name}: ${drain.perSecond} events/s`);
        return drain;
      });
      const rates = (of: (typeof contenders)[number]) =>
        (results.get(of) ?? []).map((drain: RelayDrain) => drain.perSecond);
      const bar = (of: (typeof contenders)[number], least?: number): Bar => {
        const toPlain = ratio(rates(of), rates(plain));
        const bounds = least === undefined ? {} : { least };
        return { name: `${of.name} / ${plain.name}`, value: toPlain.perRound.median, ratio: toPlain, ...bounds };
      };
      const bars = [bar(fifo, 0.5), bar(keyed), bar(fair), bar(concurrency), bar(rate)];
      const { passed, lines } = judge(bars, quick);
      const rows = contenders.map((of) => drainRow(`${of.name}, ${events} events`, results.get(of) ?? []));
      return {
        passed,
        lines: [...lines, '', ...drainHead, ...rows],
        figures: { drains: contenders.map((of) => ({ ...of, rounds: results.get(of) })), bars },
        server: await serverFacts(client),
        versions,
      };
    });
  },
};

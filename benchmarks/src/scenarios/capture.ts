import { pgrelayEngine } from '../contenders/pgrelay-engine.js';
import { interleave } from '../harness/interleave.js';
import type { Scenario } from '../harness/scenario.js';
import { withContenders } from '../harness/with-contenders.js';
import { contenders, judgeCapture } from './capture/judge-capture.js';
import { runCapture } from './capture/run-capture.js';

const SECONDS = 5;
const QUICK_SECONDS = 0.5;

/** What writers pay for having their changes noted, beside no trigger and the published pattern, in one run. */
export const capture: Scenario = {
  name: 'capture',
  title: 'What writers pay for views that follow their tables',

  run(context) {
    return withContenders(context, async (databases, facts) => {
      const seconds = context.quick ? QUICK_SECONDS : SECONDS;
      const rounds = await interleave(contenders, context.rounds, async (contender, round) => {
        const figures = await databases.use(pgrelayEngine, (arena) => runCapture(contender, arena, seconds));
        const { perSecond, sessionMicros } = figures;
        const cpu = `CPU ${sessionMicros ?? '–'} µs`;
        context.say(`round ${round + 1}, ${contender.name}: ${perSecond.toFixed(0)} transactions/s, ${cpu}`);
        return figures;
      });
      return { ...judgeCapture(rounds, context), ...facts };
    });
  },
};

import { attemptCalls } from './gateway/attempt.js';
import { claimCalls } from './gateway/claim.js';
import { explainCalls } from './gateway/explain.js';
import { logCalls } from './gateway/log.js';
import { notifyCalls } from './gateway/notify.js';
import { pollCalls } from './gateway/poll.js';
import { presenceCalls } from './gateway/presence.js';
import { rescueCalls } from './gateway/rescue.js';
import { settleCalls } from './gateway/settle.js';

export type * from './gateway/rows.js';

/** The calls that Processors and clients make; nothing but these files holds SQL text in this package. Each maps our SQLSTATEs to RelayError. */
export const gateway = {
  ...notifyCalls,
  ...presenceCalls,
  ...pollCalls,
  ...claimCalls,
  ...attemptCalls,
  ...settleCalls,
  ...rescueCalls,
  ...logCalls,
  ...explainCalls,
};

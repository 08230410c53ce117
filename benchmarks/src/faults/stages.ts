/** Where in a stage: before it is sent, sent and the reply never read, inside a handler (its effect is made), after it. */
export type Point = 'before' | 'sent' | 'inside' | 'after';

export interface Stage {
  readonly name: string;
  /** What is sent: a function of schema pgrelay, or a word. Without it the stage is the handler's own, who tells by itself. */
  readonly call?: string;
  /** The call on a connection that has a transaction open, or on one that has none. Default: either. */
  readonly inTransaction?: boolean;
  readonly points: readonly Point[];
  /** A Processor comes here again and again, so a fault may let some pass. Default: false, once or seldom. */
  readonly often?: boolean;
  /** Which parameter (from 0) names the events; fewer rows in the reply mean that the write of a stale Processor was refused. */
  readonly namesEvents?: number;
  /** The reply is the number of rows, in a column n. Default: the rows themselves. */
  readonly repliesCount?: boolean;
  /** When its reply is lost, a living Processor holds events that it does not know of, until it looks for such. */
  readonly orphans?: boolean;
  /** The call ends the backends of a Processor that was declared dead. */
  readonly endsBackends?: boolean;
  /** The stage belongs to the way down, so the process stops by itself amid its work. */
  readonly whileStopping?: boolean;
}

/**
 * Every stage at which a fault can strike: what writes, and the handlers. This table is all there is to adapt when the
 * Processor makes other calls.
 */
export const stages: readonly Stage[] = [
  { name: 'attach', call: 'attach_v1', points: ['sent'] },
  { name: 'enter', call: 'enter_backend_v1', points: ['sent'] },
  { name: 'heartbeat', call: 'heartbeat_v1', points: ['sent'] },
  { name: 'look', call: 'look_v1', points: ['sent', 'after'], often: true },
  { name: 'claim', call: 'claim_v1', points: everywhere(), often: true, orphans: true },
  { name: 'claim-toplevel', call: 'claim_toplevel_v1', points: ['sent', 'after'], orphans: true },
  { name: 'batch', call: 'run_batch_v1', points: everywhere(), often: true },
  { name: 'fail', call: 'fail_v1', points: everywhere() },
  { name: 'notify-tx', call: 'notify', inTransaction: true, points: ['after'] },
  { name: 'settle-tx', call: 'settle_v1', inTransaction: true, namesEvents: 2, points: everywhere(), often: true },
  { name: 'commit', call: 'commit', points: everywhere(), often: true },
  { name: 'rollback', call: 'rollback', points: ['after'] },
  { name: 'notify', call: 'notify', inTransaction: false, points: ['sent', 'after'] },
  { name: 'record', call: 'record_effect_v1', points: ['sent', 'after'] },
  { name: 'settle', call: 'settle_v1', inTransaction: false, namesEvents: 2, points: everywhere() },
  { name: 'complete', call: 'complete_v1', namesEvents: 2, repliesCount: true, points: everywhere(), often: true },
  { name: 'bury', call: 'bury_v1', points: ['sent', 'after'] },
  { name: 'end-backend', call: 'end_backend_v1', endsBackends: true, points: ['after'] },
  { name: 'rescue', call: 'rescue_v1', points: ['sent', 'after'] },
  { name: 'maintain', call: 'maintain_v1', points: ['sent'] },
  { name: 'release', call: 'release_v1', points: ['before', 'sent'], whileStopping: true },
  { name: 'detach', call: 'detach_v1', points: ['before', 'sent'], whileStopping: true },
  { name: 'handler-tx', points: ['before', 'inside', 'after'], often: true },
  { name: 'handler-leased', points: ['before', 'inside', 'after'], often: true },
  { name: 'handler-batch', points: ['inside'] },
  { name: 'handler-once', points: ['inside'] },
];

const onlyLooks = 'only looks: to die after it is to die before the next write';

/** Calls of the Processor at which no fault strikes, and why. */
export const unstaged: Readonly<Record<string, string>> = {
  declare_handlers_v1: 'writes only when a channel is missing, and the same again at the next start',
  arm_v1: 'sets a flag that expires by itself',
  marks_v1: onlyLooks,
  peek_v1: onlyLooks,
  recall_v1: onlyLooks,
  reclaim_v1: onlyLooks,
  held_by_worker_v1: onlyLooks,
  working_backends_v1: onlyLooks,
  lets_through_v1: onlyLooks,
  explain_event: onlyLooks,
  look_ended: onlyLooks,
  traceparent: onlyLooks,
  cancellations_v1: onlyLooks,
  stop_batches_v1: 'sent only when somebody cancels an event; what it stops is ready as before',
  cancel_backend_v1: 'sent only when somebody cancels a top-level event; the lease is as before',
  end_cancelled_v1: 'sent only when somebody cancels an event; whoever takes it next ends it as well',
  lose_v1: 'sent only after a connection was lost in an event that ran alone; tested with the quarantine',
  note_recurrence_v1: 'a fact about the channel, noted again with the next event',
  declare_limits_v1: 'writes what the definitions of handlers say, and the same again at the next start',
  declare_breakers_v1: 'writes what the definitions of handlers say, and the same again at the next start',
  declare_debounces_v1: 'writes what the definitions of handlers say, and the same again at the next start',
  kind_channels_v1: onlyLooks,
  report_kinds_v1: 'says which kinds are served, and says it again with the next slot',
  report_hint_v1: 'says whether hints arrive, and says it again',
  note_progress_v1: 'says how far an attempt is; the next one says it again',
  after_all: 'one statement, like notify',
  forget_causes_v1: 'removes what is older than the retention',
  forget_failed_v1: 'removes what is older than the retention',
  keep_log_v1: 'one day a call, and the same again at the next',
  notify_many: 'one statement, like notify',
  clock_now: 'a part of notify',
  backends_v1: 'asked only when a stop is forced; the process ends then anyway',
  forget_effects_v1: 'removes what is older than the retention',
};

function everywhere(): Point[] {
  return ['before', 'sent', 'after'];
}

const word = /^\s*(begin|commit|rollback)\b/i;

/** What a statement calls, as the table names it: a function of schema pgrelay or a word; undefined for anything else. */
export function callOf(text: string): string | undefined {
  return /\bpgrelay\.(\w+)\s*\(/.exec(text)?.[1] ?? word.exec(text)?.[1]?.toLowerCase();
}

/** The stage of a call. */
export function stageOf(call: string, inTransaction: boolean): Stage | undefined {
  return stages.find((stage) => stage.call === call && (stage.inTransaction ?? inTransaction) === inTransaction);
}

/** The words of the model: what an event, a claim and a Processor are. */

export const LEASE_MS = 60_000;

export type ChannelState = 'active' | 'paused' | 'disabled';
export type AskedOutcome = 'done' | 'cancelled' | 'failed' | 'retried' | 'snoozed' | 'error';

export interface Fence {
  readonly slot: number;
  readonly epoch: number;
}
/** What a Processor was told when it claimed an event. It may hold on to it for longer than it is true. */
export interface Claim extends Fence {
  readonly id: string;
  readonly attempt: number;
}
export interface Sent {
  readonly payload: string | null;
  readonly delayMs: number | null;
  readonly priority: number;
  readonly key: string | null;
}
export interface Ended {
  readonly attempt: number;
  readonly outcome: string;
  readonly code: string | null;
}
export interface Failure {
  readonly reason: string;
  readonly code: string;
  readonly at: number;
}
export interface Event {
  readonly id: string;
  readonly channel: string;
  readonly priority: number;
  readonly payload: string | null;
  readonly key: string | null;
  /** Exactly one of these; `gone` has ended well. */
  where: 'queue' | 'delayed' | 'failed' | 'gone';
  holder: Fence | undefined;
  place: number;
  runAt: number;
  attempt: number;
  retried: number;
  lost: number;
  failure: Failure | undefined;
  readonly log: Ended[];
}
export interface Instance {
  epoch: number;
  alive: boolean;
  beatAt: number;
  /** A stalled one does not beat; it may wake up again, at any time. */
  stalled: boolean;
}
/** A call that is refused, with the SQLSTATE it raises. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}
export interface Problem {
  readonly sqlstate: string | null;
  readonly code: string | null;
}
export interface Settled {
  readonly id: string;
  readonly outcome: string;
}
/** Payloads with which the action of the SQL channel fails. */
export const SQLSTATES: Readonly<Record<string, string>> = { bad: '22012', clash: '40001' };

import type { ProcessorPhase } from '../lifecycle/processor-state.js';

/** A Processor went on to another phase of its life. */
export interface PhaseChanged {
  /** 1 to 64; undefined without a slot. */
  readonly slot: number | undefined;
  /** `starting`, `standby`, `working`, `stopping` or `stopped`. */
  readonly phase: ProcessorPhase;
}

/** A Processor was declared dead, and takes a new slot. */
export interface SlotLost {
  readonly slot: number;
  readonly epoch: string;
}

/** Events of a handler's channel were claimed, with one statement. */
export interface EventsClaimed {
  readonly slot: number;
  readonly channel: string;
  /** How many, at least 1. */
  readonly events: number;
}

/** A handler is about to be called, or top-level statements are about to be sent. */
export interface AttemptStarted {
  readonly slot: number;
  readonly channel: string;
  readonly eventId: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** The end of an attempt is committed, with its row in pgrelay.log. */
export interface AttemptSettled {
  readonly slot: number;
  readonly channel: string;
  readonly eventId: string;
  readonly attempt: number;
  /** `done`, `failed`, `retried`, `cancelled` or `snoozed`. */
  readonly outcome: string;
  readonly code: string | null;
  readonly sqlstate: string | null;
  /** From the handler's start to its end, in ms. */
  readonly ms: number;
}

/** A batch of a SQL channel is committed. Its actions run in the database, so they are counted here, not named. */
export interface BatchSettled {
  readonly slot: number;
  readonly channel: string;
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
  /** As it was seen from here, in ms. */
  readonly ms: number;
}

/** The HTTP server has an answer. */
export interface RequestAnswered {
  /** The route as it was added, e.g. `GET /readyz`; `no route` for a request that fits none. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** A plugin compared a materialized view with its query. */
export interface ViewVerified {
  /** The id of the view's registration. */
  readonly mv: string;
  /** `equal`, `differs`, or why it told nothing, such as `dirty`. */
  readonly outcome: string;
  /** The id of the incident, when they differ; else null. */
  readonly incident: string | null;
  /** How long it took, as it was seen from here, in ms. */
  readonly ms: number;
}

/**
 * What a Processor tells, by name: to `host.hooks` of its plugins, and to who subscribes to `pgrelay.<name>` of
 * node:diagnostics_channel. Ids, codes and numbers: no payload, no header, no word of the server's.
 */
export interface TelemetryEvents {
  readonly 'processor.phase': PhaseChanged;
  readonly 'processor.slot_lost': SlotLost;
  readonly 'events.claimed': EventsClaimed;
  readonly 'attempt.started': AttemptStarted;
  readonly 'attempt.settled': AttemptSettled;
  readonly 'batch.settled': BatchSettled;
  readonly 'request.answered': RequestAnswered;
  readonly 'view.verified': ViewVerified;
}

export type TelemetryEvent = keyof TelemetryEvents;

const all: Readonly<Record<TelemetryEvent, true>> = {
  'processor.phase': true,
  'processor.slot_lost': true,
  'events.claimed': true,
  'attempt.started': true,
  'attempt.settled': true,
  'batch.settled': true,
  'request.answered': true,
  'view.verified': true,
};

/** The names of all of them. */
export const telemetryEvents = Object.keys(all) as readonly TelemetryEvent[];

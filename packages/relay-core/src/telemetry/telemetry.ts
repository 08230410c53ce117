import { type Channel, channel } from 'node:diagnostics_channel';
import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import { type TelemetryEvent, type TelemetryEvents, telemetryEvents } from './telemetry-events.js';

/** Called while the Processor waits for it: quick work only. What it throws, or rejects with, is logged and changes nothing. */
export type Hook<E extends TelemetryEvent> = (message: TelemetryEvents[E]) => void | Promise<void>;

const channels = Object.fromEntries(
  telemetryEvents.map((event) => [event, channel(`pgrelay.${event}`)]),
) as unknown as Readonly<Record<TelemetryEvent, Channel>>;

/** Tells hooks and the subscribers of node:diagnostics_channel what happens. Nothing is made for what nobody wants. */
export class Telemetry {
  readonly #hooks = new Map<TelemetryEvent, Hook<TelemetryEvent>[]>();
  readonly #log: Logger;
  /** Whether somebody wants `attempt.started`, as of the last look: looked at once a claim, not once an event. */
  startsWanted = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @throws RelayError RELAY_HOOK_INVALID */
  on<E extends TelemetryEvent>(event: E, hook: Hook<E>): void {
    if (!telemetryEvents.includes(event) || typeof hook !== 'function') {
      throw new RelayError(
        'RELAY_HOOK_INVALID',
        `there is no hook ${JSON.stringify(event)}, or it is given no function`,
        {
          hint: `Hooks are ${telemetryEvents.join(', ')}.`,
        },
      );
    }
    this.#hooks.set(event, [...(this.#hooks.get(event) ?? []), hook as Hook<TelemetryEvent>]);
  }

  wants(event: TelemetryEvent): boolean {
    return this.#hooks.has(event) || channels[event].hasSubscribers;
  }

  look(): void {
    this.startsWanted = this.wants('attempt.started');
  }

  tell<E extends TelemetryEvent>(event: E, message: TelemetryEvents[E]): void {
    for (const hook of this.#hooks.get(event) ?? []) {
      try {
        const result = hook(message);
        if (result instanceof Promise) result.catch((error) => this.#failed(event, error));
      } catch (error) {
        this.#failed(event, error);
      }
    }
    channels[event].publish(message);
  }

  #failed(event: TelemetryEvent, error: unknown): void {
    const code = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown';
    this.#log.error({ hook: event, code }, 'a hook failed');
  }
}

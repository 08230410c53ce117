import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import { attach } from '../attachment.js';
import type { ConnectionOptions } from '../db/connection.js';
import { type Fence, gateway } from '../db/gateway.js';
import type { OpenConnections } from '../db/open-connections.js';
import { isReadOnly, sqlstateOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import type { HandlerKind } from '../handlers/handler-kind.js';
import type { ProcessorState } from '../lifecycle/processor-state.js';
import type { Wakeup } from '../lifecycle/wakeup.js';
import type { CheckedOptions } from '../options.js';
import type { WorkerContext } from '../worker-context.js';
import type { Heartbeat } from './heartbeat.js';
import { awaitPromotion } from './standby.js';

export interface SlotHolderParts {
  readonly options: CheckedOptions;
  readonly connecting: ConnectionOptions;
  readonly connections: OpenConnections;
  readonly control: Queryable;
  readonly handlers: () => readonly HandlerDefinition[];
  readonly kinds: readonly HandlerKind[];
  readonly shared: WorkerContext;
  readonly heartbeat: Heartbeat;
  readonly state: ProcessorState;
  readonly stopAsked: Wakeup;
  readonly isStopAsked: () => boolean;
  readonly log: Logger;
  readonly onLost: (fence: Fence) => void;
}

/** Takes a slot for a Processor, waits for one on a standby, and takes a new one when the Processor was declared dead. */
export class SlotHolder {
  readonly #parts: SlotHolderParts;
  #again: Promise<void> | undefined;

  constructor(parts: SlotHolderParts) {
    this.#parts = parts;
  }

  /** False when stop() came while the server was a standby. @throws RelayError as attach() */
  async takeWhenWritable(): Promise<boolean> {
    const { connecting, state, stopAsked, isStopAsked, log } = this.#parts;
    for (;;) {
      try {
        await this.#take();
        return true;
      } catch (error) {
        if (isReadOnly(error)) state.enter('standby');
        const standby = { connection: connecting, log, wakeup: stopAsked, stopping: isStopAsked };
        if (!isReadOnly(error) || !(await awaitPromotion(standby))) throw error;
        state.enter('starting');
        if (isStopAsked()) return false;
      }
    }
  }

  /**
   * Declared dead (a long freeze, a server that was away): drops the claims and takes a new epoch. Whoever declared it ended
   * its backends, so its connections are of no use, and one whose packets are swallowed would never say so.
   */
  lost({ slot, epoch }: Fence): void {
    const { shared, connections, log, onLost } = this.#parts;
    const { fence } = shared;
    if (fence?.slot !== slot || fence.epoch !== epoch || shared.draining) return;
    log.warn({ slot }, 'this Processor was declared dead; it takes a new slot');
    shared.lose('the Processor was declared dead');
    onLost(fence);
    connections.cutAll();
    this.#again ??= this.#takeAgain().finally(() => {
      this.#again = undefined;
    });
  }

  async #take(): Promise<void> {
    const { control, options, handlers, kinds, shared, connections, heartbeat, log } = this.#parts;
    const fence = await attach(control, options, handlers(), log);
    shared.take(fence);
    if (!connections.pooled) await gateway.enterBackend(control, fence, 'control');
    if (kinds.length > 0)
      await gateway.reportKinds(
        control,
        fence,
        kinds.map(({ kind }) => kind),
      );
    heartbeat.beatFor(fence);
  }

  async #takeAgain(): Promise<void> {
    const { shared, state, log } = this.#parts;
    while (!shared.draining) {
      try {
        await this.#take();
        state.trouble = undefined;
        shared.lookNow();
        return;
      } catch (error) {
        const code = error instanceof RelayError ? error.code : (sqlstateOf(error) ?? 'unknown');
        if (code !== state.trouble) log.warn({ code }, 'no slot can be taken yet; it is tried again');
        state.trouble = code;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }
}

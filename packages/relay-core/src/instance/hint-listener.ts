import type pg from 'pg';
import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { WorkerContext } from '../worker-context.js';
import { HintCheck } from './hint-check.js';

/** Hears the hints that come to the control connection, and says who should look for what. */
export class HintListener {
  readonly check = new HintCheck();
  readonly #control: Queryable;
  readonly #shared: WorkerContext;
  readonly #onChannels: () => void;
  #isTrying = false;

  /** `onChannels`: channels were registered, changed or dropped. */
  constructor(control: Queryable, shared: WorkerContext, onChannels: () => void) {
    this.#control = control;
    this.#shared = shared;
    this.#onChannels = onChannels;
  }

  /** Prepares a new control connection. What an earlier one saw of the server no longer counts, and hints were missed. */
  async listen(client: pg.Client): Promise<void> {
    this.#shared.marks.forget();
    this.#shared.hint.forget();
    this.check.reset();
    client.on('notification', ({ channel, payload = '' }) =>
      channel === 'pgrelay' ? this.#hinted(payload) : this.check.received(payload),
    );
    client.once('end', () => void this.#listenAgain());
    await gateway.listen(client);
    this.#shared.lookNow();
  }

  /** A hint names a channel that has work, says that channels have changed, or nothing: look. */
  #hinted(payload: string): void {
    if (payload.startsWith('cancel ')) {
      this.#shared.cancel(payload.slice('cancel '.length));
      return;
    }
    this.#shared.hint.received();
    if (/^\d+$/.test(payload)) {
      this.#shared.wakeFor(Number(payload));
      return;
    }
    if (payload === 'channels') {
      this.#shared.ready.forget();
      this.#onChannels();
    }
    this.#shared.lookNow();
  }

  /**
   * Nobody may need the control connection for a while, but hints come to it. One that is opened in vain ends, too (a standby takes no
   * LISTEN), and comes here: who tries already goes on, or there would be twice as many with each try.
   */
  async #listenAgain(): Promise<void> {
    if (this.#isTrying) return;
    this.#isTrying = true;
    while (!this.#shared.draining) {
      try {
        await gateway.inRecovery(this.#control);
        this.#isTrying = false;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }
}

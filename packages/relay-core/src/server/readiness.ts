import type { Logger } from 'pino';

/** Why a Processor is not ready, for people and for scripts. It is public: no secret, payload or word of the server's in it. */
export interface Reason {
  /** Stable, lower case, e.g. `no_slot`. */
  readonly code: string;
  readonly message: string;
}

/** Asked whenever somebody wants to know whether the Processor is ready; answers are kept for a second. */
export interface ReadinessCheck {
  readonly name: string;
  /** Why not; undefined when ready. What takes longer than two seconds, or throws, is a reason by itself. */
  check(): Reason | undefined | Promise<Reason | undefined>;
}

const patienceMs = 2_000;
const keepMs = 1_000;

/** What must hold for a Processor to be ready, plugins' conditions included. Asked by many at once it looks once. */
export class Readiness {
  readonly #checks: ReadinessCheck[] = [];
  readonly #log: Logger;
  readonly #running = new Map<ReadinessCheck, Promise<Reason | undefined>>();
  #last: { readonly at: number; readonly reasons: Promise<readonly Reason[]> } | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(check: ReadinessCheck): void {
    this.#checks.push(check);
  }

  /** Forgets the last answer: something has changed. */
  changed(): void {
    this.#last = undefined;
  }

  /** Empty: ready. Never throws. */
  reasons(): Promise<readonly Reason[]> {
    const last = this.#last;
    if (last !== undefined && performance.now() - last.at < keepMs) return last.reasons;
    const reasons = this.#look();
    this.#last = { at: performance.now(), reasons };
    return reasons;
  }

  async #look(): Promise<readonly Reason[]> {
    const found = await Promise.all(this.#checks.map((check) => this.#ask(check)));
    return found.filter((reason) => reason !== undefined);
  }

  async #ask(check: ReadinessCheck): Promise<Reason | undefined> {
    // One that still hangs is not asked a second time: what it holds would pile up.
    const asked = this.#running.get(check) ?? this.#begin(check);
    const late: Reason = { code: 'check_timeout', message: `check ${JSON.stringify(check.name)} does not answer` };
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<Reason>((resolve) => {
      timer = setTimeout(() => resolve(late), patienceMs);
    });
    return Promise.race([asked, patience]).finally(() => clearTimeout(timer));
  }

  #begin(check: ReadinessCheck): Promise<Reason | undefined> {
    const asked = (async () => check.check())()
      .catch((error: unknown): Reason => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        this.#log.warn({ check: check.name, code }, 'a readiness check failed');
        return { code: 'check_failed', message: `check ${JSON.stringify(check.name)} failed: ${code}` };
      })
      .finally(() => this.#running.delete(check));
    this.#running.set(check, asked);
    return asked;
  }
}

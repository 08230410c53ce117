import type { ModuleState } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import type { ProcessorState } from '../lifecycle/processor-state.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { EventLoopWatch } from './event-loop-watch.js';
import { type Health, healthRoutes } from './health-routes.js';
import { HttpServer } from './http-server.js';
import { ownChecks } from './own-checks.js';
import { Readiness, type Reason } from './readiness.js';
import { RouteTable } from './route-table.js';
import type { CheckedServerOptions } from './server-options.js';

export interface ProcessorServerParts {
  /** Undefined: there is no server, and nothing of this does anything. */
  readonly options: CheckedServerOptions | undefined;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly state: ProcessorState;
  readonly leaseMs: number;
  readonly slot: () => number | undefined;
  /** How long ago the database took the last heartbeat, in ms. */
  readonly heartbeatAgeMs: () => number;
  readonly schema: () => Promise<readonly ModuleState[]>;
}

/** The HTTP server of a Processor: health, readiness, and what plugins add. It listens from before there is a slot until everything has drained. */
export class ProcessorServer {
  readonly routes = new RouteTable();
  readonly readiness: Readiness;
  /** Whether there is a server that answers routes. */
  readonly isOn: boolean;
  readonly #parts: ProcessorServerParts;
  readonly #loop = new EventLoopWatch();
  readonly #http: HttpServer | undefined;

  constructor(parts: ProcessorServerParts) {
    const { options, log } = parts;
    this.#parts = parts;
    this.isOn = options !== undefined;
    this.readiness = new Readiness(log);
    for (const check of ownChecks(parts)) this.readiness.add(check);
    for (const route of healthRoutes(() => this.#health(), this.readiness)) this.routes.add(route);
    this.#http = options === undefined ? undefined : new HttpServer(options, this.routes, log, parts.telemetry);
  }

  get url(): string | undefined {
    return this.#http?.url;
  }

  /** @throws RelayError RELAY_SERVER_PORT_TAKEN, RELAY_SERVER_ADDRESS_INVALID */
  async start(): Promise<void> {
    this.routes.close();
    if (this.#http === undefined) return;
    this.#loop.start();
    await this.#http.start();
  }

  async stop(force: boolean): Promise<void> {
    await this.#http?.stop(force);
    this.#loop.stop();
  }

  async #health(): Promise<Health> {
    const { state, slot, leaseMs } = this.#parts;
    const reasons: Reason[] = [];
    const eventLoopBlockedMs = this.#loop.longestMs();
    if (eventLoopBlockedMs >= leaseMs) {
      const message = `the event loop did not turn for ${eventLoopBlockedMs} ms; a handler blocks it`;
      reasons.push({ code: 'event_loop_blocked', message });
    }
    if (this.#lease() === 'expired' && (await this.#databaseAnswers()) && this.#lease() === 'expired') {
      const message = 'the heartbeat has not been taken for a lease, though the database answers';
      reasons.push({ code: 'lease_expired', message });
    }
    return { vitals: { phase: state.phase, slot: slot(), lease: this.#lease(), eventLoopBlockedMs }, reasons };
  }

  #lease(): 'valid' | 'expired' | 'none' {
    if (this.#parts.slot() === undefined) return 'none';
    return this.#parts.heartbeatAgeMs() < this.#parts.leaseMs ? 'valid' : 'expired';
  }

  /** A restart does not bring a database back: only a heart that stopped by itself is a reason for one. */
  async #databaseAnswers(): Promise<boolean> {
    this.readiness.changed();
    const down = new Set(['database_unreachable', 'database_refuses', 'check_timeout']);
    return !(await this.readiness.reasons()).some(({ code }) => down.has(code));
  }
}

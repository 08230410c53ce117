import { type SqlModule, schemaStatus } from '@pgrelay/relay-sql';
import { type Logger, pino } from 'pino';
import { declareHandlers, declarePolicies } from './attachment.js';
import { Connection, type ConnectionOptions, openConnection, type Prepare } from './db/connection.js';
import { endClient } from './db/end-client.js';
import { type Backend, type Fence, gateway } from './db/gateway.js';
import { OpenConnections } from './db/open-connections.js';
import { watchClient, watchOwn } from './db/own-connection.js';
import { blockedLimitMs } from './db/session-settings.js';
import type { Class } from './di/injectable.js';
import { ProcessorScope } from './di/processor-scope.js';
import { extendContext } from './flow/extend-context.js';
import { Settler } from './flow/settle.js';
import { loadKinds } from './handlers/load-kinds.js';
import { HandlerRegistry } from './handlers/registry.js';
import { Heartbeat } from './instance/heartbeat.js';
import { HintListener } from './instance/hint-listener.js';
import { SlotHolder } from './instance/slot-holder.js';
import { drained, endBackends, giveBackUnstarted } from './lifecycle/drain.js';
import { ProcessorState } from './lifecycle/processor-state.js';
import type { Service } from './lifecycle/service.js';
import { Wakeup } from './lifecycle/wakeup.js';
import { type CheckedOptions, checkProcessorOptions, type ProcessorOptions } from './options.js';
import { Plugins } from './plugins/plugin-host.js';
import { ProcessorServer } from './server/processor-server.js';
import { cancelTask } from './tasks/cancel-task.js';
import { handlersTask } from './tasks/handlers-task.js';
import { hintTask } from './tasks/hint-task.js';
import { maintainTask } from './tasks/maintain-task.js';
import type { PeriodicTask } from './tasks/periodic-task.js';
import { reclaimTask } from './tasks/reclaim-task.js';
import { rescueTask } from './tasks/rescue-task.js';
import { TaskRunner } from './tasks/task-runner.js';
import { logOutcome } from './telemetry/log-outcome.js';
import { Telemetry } from './telemetry/telemetry.js';
import { tellSettled } from './telemetry/tell-settled.js';
import { Worker } from './worker.js';
import { WorkerContext } from './worker-context.js';

/**
 * Claims events and runs their actions: SQL in the database, handlers in this process. Start as many Processors as you
 * like against one database; there is no leader.
 *
 * start() and stop() are idempotent. stop() drains: it claims nothing more, waits for running handlers, and gives the slot
 * back. stop({ force: true }) aborts the handlers and cuts the connections; what ran is given to others by the lease.
 */
export class Processor {
  readonly #options: CheckedOptions;
  readonly #log: Logger;
  readonly #plugins: Plugins;
  readonly #handlers = new HandlerRegistry();
  readonly #scope: ProcessorScope;
  readonly #connections: OpenConnections;
  readonly #connecting: ConnectionOptions;
  readonly #control: Connection;
  readonly #hints: HintListener;
  readonly #heartbeat: Heartbeat;
  readonly #shared: WorkerContext;
  readonly #workers: Worker[] = [];
  readonly #services: Service[] = [];
  readonly #stopAsked = new Wakeup();
  readonly #telemetry: Telemetry;
  readonly #state = new ProcessorState((phase) => {
    this.#server.readiness.changed();
    this.#telemetry.tell('processor.phase', { slot: this.slot, phase });
  });
  readonly #server: ProcessorServer;
  readonly #slotHolder: SlotHolder;
  #rescue: TaskRunner | undefined;
  #handlersLook: TaskRunner | undefined;
  #isStopAsked = false;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /**
   * Checks everything that can be checked without a database.
   * @throws RelayError RELAY_OPTION_INVALID, RELAY_PLUGIN_DUPLICATE, RELAY_HANDLER_DUPLICATE, RELAY_HANDLER_INVALID, RELAY_TOKEN_DUPLICATE
   */
  constructor(options: ProcessorOptions) {
    this.#options = checkProcessorOptions(options);
    this.#log = options.log ?? pino({ name: 'pgrelay' });
    this.#telemetry = new Telemetry(this.#log);
    this.#plugins = new Plugins(options.plugins ?? []);
    for (const handler of options.handlers ?? []) this.#handlers.add(handler);
    this.#scope = new ProcessorScope(this.#log, options.container);
    for (const provider of options.provide ?? []) this.#scope.provide(provider);
    const { connectionString, leaseMs } = this.#options;
    this.#connections = new OpenConnections(leaseMs / 4);
    this.#connecting = { connectionString, leaseMs, connections: this.#connections };
    this.#control = this.#connection('control', (client) => this.#hints.listen(client));
    const settler = new Settler(
      this.#control,
      (rows, ended) => {
        for (const row of rows) logOutcome(this.#log, row);
        tellSettled(this.#telemetry, rows, ended);
        for (const { claim, written } of ended) {
          this.#shared.inFlight.delete(claim);
          written?.();
        }
      },
      () => this.#log.warn('ends of events could not be written yet; they are sent again'),
    );
    this.#shared = new WorkerContext({
      log: this.#log,
      telemetry: this.#telemetry,
      scope: this.#scope,
      settler,
      control: this.#control,
      pollIntervalMs: this.#options.pollIntervalMs,
      connections: this.#connections,
      onFenced: (fence) => this.#slotHolder.lost(fence),
      onDead: () => this.#rescue?.hurry(),
      schemaOf: (channel) => this.#handlers.schemaOf(channel),
    });
    this.#hints = new HintListener(this.#control, this.#shared, () => this.#handlersLook?.hurry());
    this.#heartbeat = new Heartbeat({ connectionString, leaseMs, blockedLimitMs }, this.#log, {
      onFenced: (fence) => this.#slotHolder.lost(fence),
      waitingFor: () => this.#connections.look(),
      onIdle: (backends) => this.#cutUnanswered(backends),
    });
    this.#server = new ProcessorServer({
      options: this.#options.server,
      log: this.#log,
      telemetry: this.#telemetry,
      state: this.#state,
      leaseMs,
      slot: () => this.slot,
      heartbeatAgeMs: () => this.#heartbeat.ageMs,
      schema: () => schemaStatus({ db: this.#control, modules: this.modules }),
    });
    this.#slotHolder = new SlotHolder({
      options: this.#options,
      connecting: this.#connecting,
      connections: this.#connections,
      control: this.#control,
      handlers: () => this.#handlers.all(),
      kinds: this.#plugins.kinds,
      shared: this.#shared,
      heartbeat: this.#heartbeat,
      state: this.#state,
      stopAsked: this.#stopAsked,
      isStopAsked: () => this.#isStopAsked,
      log: this.#log,
      onLost: ({ slot, epoch }) => {
        this.#server.readiness.changed();
        this.#telemetry.tell('processor.slot_lost', { slot, epoch });
      },
    });
  }

  /** Where the HTTP server listens, e.g. `http://127.0.0.1:8080`; undefined while there is none. */
  get url(): string | undefined {
    return this.#server.url;
  }

  /** The SQL modules of the plugins, for `migrate({ modules })`. */
  get modules(): readonly SqlModule[] {
    return this.#plugins.sqlModules;
  }

  /** The slot (1 to 64) while the Processor holds one. */
  get slot(): number | undefined {
    return this.#shared.fence?.slot;
  }

  /**
   * Sets the plugins up, takes a slot and starts to work. On a standby it waits, without a slot, until that is promoted;
   * stop() ends the wait. @throws RelayError when something is wrong; nothing runs then.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch(async (error) => {
      await this.#stop(true);
      throw error;
    });
    return this.#starting;
  }

  /** Stops; resolves when the connections are closed. */
  stop(options: { readonly force?: boolean } = {}): Promise<void> {
    this.#isStopAsked = true;
    this.#state.enter('stopping');
    this.#stopAsked.signal();
    if (options.force === true) this.#force();
    this.#stopping ??= this.#stop(options.force === true);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    await this.#plugins.setup({
      scope: this.#scope,
      handlers: this.#handlers,
      server: this.#server,
      telemetry: this.#telemetry,
      log: this.#log,
      control: this.#control,
      connect: (purpose) => this.#open(purpose),
    });
    this.#state.enter('starting');
    this.#handlers.close();
    for (const hook of this.#plugins.beforeSettle) this.#shared.settler.before(hook);
    this.#shared.context = extendContext(this.#plugins.contextParts);
    const definitions = this.#handlers.all();
    this.#scope.close(definitions.filter((d) => d.isClass).map((d) => d.run as Class));
    await this.#server.start();
    await this.#heartbeat.start();
    if (!(await this.#slotHolder.takeWhenWritable())) return;
    for (const [id, handler] of await declareHandlers(this.#control, this.#options, definitions))
      this.#shared.handlers.set(id, handler);
    for (const kind of this.#plugins.kinds) await kind.declare?.(this.#control, this.#options.channels === 'declare');
    for (const [id, handler] of await loadKinds(this.#control, this.#plugins.kinds))
      this.#shared.handlers.set(id, handler);
    await declarePolicies(this.#control, this.#shared.handlers);
    const { logRetentionDays, failedRetentionDays, workers } = this.#options;
    const retention = { logDays: logRetentionDays, failedDays: failedRetentionDays };
    const runner = (task: PeriodicTask) => new TaskRunner(task, this.#control, this.#log);
    this.#rescue = runner(rescueTask(() => this.#shared.lookNow()));
    this.#handlersLook = runner(
      handlersTask(this.#options, { definitions, kinds: this.#plugins.kinds }, this.#shared.handlers, () =>
        this.#shared.lookNow(),
      ),
    );
    const reclaim = reclaimTask(
      () => this.#shared.fence,
      (fence, id) => this.#shared.inFlight.holds(fence, id),
      () => this.#shared.claims,
    );
    const cancels = cancelTask(() => this.#shared.fence, this.#shared.inFlight, this.#shared.sqlBatches);
    const hints = hintTask(
      () => this.#shared.fence,
      this.#shared.hint,
      this.#hints.check,
      (words) => this.#heartbeat.sendCheck(words),
    );
    this.#services.push(
      this.#rescue,
      this.#handlersLook,
      ...[reclaim, cancels, hints, maintainTask(retention), ...this.#plugins.tasks].map(runner),
      ...this.#plugins.services,
    );
    for (const service of this.#services) await service.start();
    for (let number = 1; number <= workers; number += 1) {
      this.#workers.push(new Worker(number, this.#connection(`worker ${number}`), this.#shared));
    }
    for (const worker of this.#workers) worker.start();
    this.#state.enter('working');
    this.#log.info({ slot: this.slot, workers, handlers: definitions.map((d) => d.channel) }, 'Processor started');
  }

  async #stop(force: boolean): Promise<void> {
    if (!force) await this.#starting?.catch(() => undefined);
    this.#shared.draining = true;
    if (this.#starting !== undefined && !force)
      this.#log.info({ running: this.#shared.inFlight.size }, 'Processor drains');
    const patience = setTimeout(() => this.#force(), this.#options.drainTimeoutMs);
    await Promise.all(this.#workers.map((worker) => worker.stopped()));
    await giveBackUnstarted(this.#control, this.#shared);
    await drained(this.#shared);
    clearTimeout(patience);
    await this.#server.stop(this.#shared.forced.signal.aborted);
    for (const service of [...this.#services].reverse()) await service.stop();
    await this.#heartbeat.stop();
    const { fence } = this.#shared;
    if (fence !== undefined) {
      if (this.#shared.forced.signal.aborted) await endBackends(this.#control, fence, this.#log);
      await gateway
        .detach(this.#control, fence)
        .catch(() => this.#log.warn('the slot could not be given back; its lease will end'));
      this.#shared.lose('the Processor has stopped');
    }
    await Promise.all([this.#control.close(), ...this.#workers.map((worker) => worker.close(false))]);
    this.#state.enter('stopped');
    if (fence !== undefined) this.#log.info({ slot: fence.slot }, 'Processor stopped');
  }

  /** Aborts handlers and cuts the workers' connections, so that what they run is undone; goes on with the rest of stop(). */
  #force(): void {
    if (this.#shared.forced.signal.aborted) return;
    this.#log.warn({ running: this.#shared.inFlight.size }, 'Processor is forced to stop; what runs is given back');
    this.#shared.draining = true;
    this.#shared.forced.abort(new Error('the Processor is forced to stop'));
    this.#shared.settler.giveUp();
    for (const worker of this.#workers) void worker.close(true);
  }

  /** The packets of a connection are swallowed: it is given up, and what its backend holds is let go. */
  #cutUnanswered(backends: readonly Backend[]): void {
    for (const { pid, start } of this.#connections.cutUnanswered(backends)) {
      this.#log.warn({ backend: pid }, 'the server is not at work on what a connection waits for; it is given up');
      void gateway.endBackend(this.#control, pid, start).catch(() => undefined);
    }
  }

  #connection(purpose: string, prepare: Prepare = async () => undefined): Connection {
    return new Connection(this.#connecting, `pgrelay ${purpose}`, async (client) => {
      await this.#enter(client, purpose);
      await prepare(client);
    });
  }

  async #open(purpose: string) {
    const { client } = await watchOwn(openConnection(this.#connecting, `pgrelay ${purpose}`));
    try {
      await this.#enter(watchClient(client), purpose);
      return client;
    } catch (error) {
      await endClient(client);
      throw error;
    }
  }

  async #enter(client: Parameters<typeof gateway.enterBackend>[0], purpose: string): Promise<void> {
    const fence: Fence | undefined = this.#shared.fence;
    if (fence !== undefined && !this.#connections.pooled) await gateway.enterBackend(client, fence, purpose);
  }
}

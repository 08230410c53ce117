// Loaded before everything else, in the main thread and in the heartbeat's: watches what the Processor sends, so that a fault
// can strike at each stage without a hook in the Processor.
import pg from 'pg';
import { callOf, type Stage, stageOf } from '../stages.js';
import { SPARES } from './armed.js';
import { delayMs, strike, strikes, tell } from './trip.js';

interface Wire {
  readonly connection: {
    readonly stream: { readonly writableLength: number; pause(): void; resume(): void; destroy(): void };
  };
  readonly _queryQueue: readonly unknown[];
}

type Query = (this: pg.Client, ...args: unknown[]) => unknown;

const spares = process.env[SPARES] === 'yes';
const inTransaction = new WeakSet<pg.Client>();
const prototype = pg.Client.prototype as unknown as { query: Query };
const original = prototype.query;

prototype.query = function query(...args) {
  const call = callOf(textOf(args[0]));
  const stage = call === undefined ? undefined : stageOf(call, inTransaction.has(this));
  if (call === 'begin') inTransaction.add(this);
  if (call === 'commit' || call === 'rollback') inTransaction.delete(this);
  if (stage === undefined) return original.apply(this, args);
  if (spares && stage.endsBackends === true) return Promise.resolve({ rows: [] });
  if (strikes(stage.name, 'before')) strike();
  const result = original.apply(this, args);
  if (!(result instanceof Promise)) return result;
  if (strikes(stage.name, 'sent')) return sent(this, result);
  return result.then(
    (reply) => {
      countRefused(stage, valuesOf(args), reply);
      if (strikes(stage.name, 'after')) strike();
      return reply;
    },
    (error) => {
      if (error instanceof Error && 'code' in error && error.code === 'PR009') tell(`refused ${stage.name}`);
      throw error;
    },
  );
};

function textOf(config: unknown): string {
  if (typeof config === 'string') return config;
  return typeof config === 'object' && config !== null && 'text' in config ? String(config.text) : '';
}

/** The parameters, given beside the text or in one object with it. */
function valuesOf([config, values]: readonly unknown[]): unknown {
  if (Array.isArray(values)) return values;
  return typeof config === 'object' && config !== null && 'values' in config ? config.values : undefined;
}

/** The statement is on its way; the reply is not read before the fault. */
async function sent(client: pg.Client, result: Promise<unknown>): Promise<unknown> {
  const { connection, _queryQueue: queue } = client as unknown as Wire;
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (queue.length > 0) await turn(); // others are before it on this connection
  connection.stream.pause();
  while (connection.stream.writableLength > 0) await turn();
  setTimeout(() => {
    strike(() => connection.stream.destroy());
    connection.stream.resume();
  }, delayMs);
  return result;
}

/** A write of a Processor that was declared dead changes nothing: the reply has fewer rows than events were named. */
function countRefused(stage: Stage, values: unknown, reply: unknown): void {
  if (stage.namesEvents === undefined || !Array.isArray(values)) return;
  const named: unknown = values[stage.namesEvents];
  const count = Array.isArray(named) ? named.length : String(named).split(',').length; // written out: {1,2}
  const { rows } = reply as { readonly rows: readonly { readonly n?: number }[] };
  const written = stage.repliesCount === true ? (rows[0]?.n ?? 0) : rows.length;
  if (written < count) tell(`refused ${stage.name}`);
}

import { http } from '@pgrelay/plugin-http';
import { type HandlerDefinition, Processor } from '@pgrelay/relay-core';
import { type TestDatabase, until } from '@pgrelay/test-support';
import { type Logger, pino } from 'pino';

export interface Ended {
  readonly outcome: string;
  readonly attempt: number;
  readonly code: string | null;
}

/** A Processor with the plugin, and what tests ask about its deliveries. */
export class Deliveries {
  /** What it logged, at every level. */
  readonly lines: string[] = [];
  readonly #database: TestDatabase;
  #processor: Processor | undefined;

  constructor(database: TestDatabase) {
    this.#database = database;
  }

  /** With http: and 127.0.0.1 allowed, unless the options say otherwise. */
  async start(options: Parameters<typeof http>[0] = {}, handlers: readonly HandlerDefinition[] = []): Promise<void> {
    await this.stop();
    const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void this.lines.push(line) });
    const plugins = [http({ allowHttp: true, allowAddresses: ['127.0.0.1'], ...options })];
    this.#processor = new Processor({
      connectionString: this.#database.url,
      plugins,
      handlers,
      pollIntervalMs: 50,
      log,
    });
    await this.#processor.start();
  }

  async stop(): Promise<void> {
    await this.#processor?.stop();
    this.#processor = undefined;
  }

  /** Registers an endpoint in SQL; `more` are further parameters, as JSON or text. */
  async register(channel: string, url: string, more: string = ''): Promise<void> {
    await this.#database.query(`select pgrelay_http.register_endpoint($1, $2${more === '' ? '' : `, ${more}`})`, [
      channel,
      url,
    ]);
  }

  async notify(channel: string, payload: string | null = '1'): Promise<string> {
    const [row] = await this.#database.query<{ id: string }>('select pgrelay.notify($1, $2)::text as id', [
      channel,
      payload,
    ]);
    return row?.id ?? '';
  }

  ended(eventId: string, attempts = 1): Promise<Ended[]> {
    return until(async () => {
      const rows = await this.#database.query<Ended & Record<string, unknown>>(
        'select outcome, attempt, code from pgrelay.log where event_id = $1 order by attempt, finished_at',
        [eventId],
      );
      return rows.length >= attempts && rows;
    }, `event ${eventId} has ended ${attempts} times`);
  }

  /** Lets what waits for a later attempt be due now. */
  async hurry(eventId: string): Promise<void> {
    await this.#database.query('update pgrelay.delayed set run_at = clock_timestamp() where id = $1', [eventId]);
  }

  problems(): Promise<{ code: string; object: string; evidence: string }[]> {
    return this.#database.query('select code, object, evidence from pgrelay_http.get_http_problems() order by 1, 2');
  }
}

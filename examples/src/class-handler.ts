/**
 * A handler can be a class whose constructor is injected. Tokens name what is injected, so no build needs decorator
 * metadata; what stands behind a token is given to the Processor, or by a plugin.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/class-handler.js
 */
import { createClient, EVENT_LOGGER, handler, inject, Processor, type RelayEvent, token } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import { type Logger, pino } from 'pino';

interface Mailer {
  send(to: string, text: string): Promise<void>;
}

const MAILER = token<Mailer>('example.Mailer');

@handler('receipt.send')
class SendReceipt {
  readonly #mailer: Mailer;
  readonly #log: Logger;

  constructor(@inject(MAILER) mailer: Mailer, @inject(EVENT_LOGGER) log: Logger) {
    this.#mailer = mailer;
    this.#log = log;
  }

  async handle(event: RelayEvent<{ to: string; total: number }>): Promise<void> {
    await this.#mailer.send(event.payload.to, `Thank you! You paid ${event.payload.total} €.`);
    this.#log.debug('receipt sent'); // carries the event's id and channel, and no payload
  }
}

/** Prints instead of sending; a test gives the handler another one with plain `new SendReceipt(fake, log)`. */
class ConsoleMailer implements Mailer {
  readonly sent: Promise<void>;
  #done: () => void = () => {};

  constructor() {
    this.sent = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  async send(to: string, text: string): Promise<void> {
    console.log(`To ${to}: ${text}`);
    this.#done();
  }
}

const connectionString = process.env['DATABASE_URL'] ?? '';
await migrate({ connectionString });
const mailer = new ConsoleMailer();
const provide = [{ token: MAILER, useValue: mailer }];
const processor = new Processor({ connectionString, log: pino({ level: 'warn' }), handlers: [SendReceipt], provide });
await processor.start();
const client = createClient({ connectionString });
await client.notify('receipt.send', { to: 'ada@example.com', total: 42 });
await mailer.sent;
await Promise.all([client.close(), processor.stop()]);

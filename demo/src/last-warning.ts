import { type Logger, pino } from 'pino';

/** A logger that keeps only the latest warning, for the last line of the screen. */
export class LastWarning {
  #text = '';
  readonly logger: Logger = pino({ level: 'warn', base: null }, { write: (line: string) => this.#take(line) });

  get text(): string {
    return this.#text;
  }

  #take(line: string): void {
    const { msg, sqlstate } = JSON.parse(line) as { msg?: string; sqlstate?: string };
    this.#text = [msg, sqlstate].filter(Boolean).join(' ');
  }
}

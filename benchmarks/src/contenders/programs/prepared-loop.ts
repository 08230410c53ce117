import type { Socket } from 'node:net';
import { connect } from '../../harness/connect.js';

const BIND = 0x42;
const ERROR = 0x45;
const EXECUTE = 0x45;
const PARSE = 0x50;
const READY = 0x5a;
const SYNC = message(0x53);

/**
 * A session that sends the same prepared statements again and again, one round trip each. It shares the machine with the
 * server it measures, so it writes messages made beforehand to the socket and looks at little more than the ends of the
 * answers: a query of pg costs its process several times what it costs the server.
 */
export class PreparedLoop {
  readonly #end: () => Promise<void>;
  readonly #socket: Socket;
  readonly #statements: readonly Buffer[];
  #rest = Buffer.alloc(0);
  /** What the server answered before it was ready again. */
  #error: Error | undefined;
  #onReady: (error?: Error) => void = () => undefined;

  private constructor(socket: Socket, end: () => Promise<void>, statements: readonly Buffer[]) {
    this.#socket = socket;
    this.#end = end;
    this.#statements = statements;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#onReady(new Error('the connection was closed')));
  }

  /** Connects and prepares the statements; `value` is $1 of those that have a parameter. */
  static async open(url: string, texts: readonly string[], value: string): Promise<PreparedLoop> {
    const client = await connect(url, 'enqueue client');
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const names = texts.map((_, index) => `s${index}`);
    const statements = texts.map((text, index) =>
      Buffer.concat([bind(names[index] ?? '', text.includes('$1') ? [value] : []), execute, SYNC]),
    );
    const loop = new PreparedLoop(stream, () => client.end(), statements);
    try {
      for (const [index, text] of texts.entries()) {
        await loop.#send(Buffer.concat([message(PARSE, cstring(names[index] ?? ''), cstring(text), int16(0)), SYNC]));
      }
    } catch (error) {
      await loop.end();
      throw error;
    }
    return loop;
  }

  /** Runs all statements, in order, until the time (of performance.now()) is over; how often. Rejects at the first error. */
  run(until: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let sent = 0;
      const next = (error?: Error) => {
        if (error) return reject(error);
        const index = sent % this.#statements.length;
        if (index === 0 && performance.now() >= until) return resolve(sent / this.#statements.length);
        sent += 1;
        this.#socket.write(this.#statements[index] ?? SYNC);
      };
      this.#onReady = next;
      next();
    });
  }

  end(): Promise<void> {
    this.#onReady = () => undefined;
    return this.#end();
  }

  #send(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onReady = (error) => (error ? reject(error) : resolve());
      this.#socket.write(bytes);
    });
  }

  #read(chunk: Buffer): void {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    let ready = false;
    while (data.length - at >= 5) {
      const size = 1 + data.readInt32BE(at + 1);
      if (data.length - at < size) break;
      if (data[at] === ERROR) this.#error = new Error(data.toString('utf8', at + 5, at + size).replaceAll('\0', ' '));
      if (data[at] === READY) ready = true;
      at += size;
    }
    this.#rest = Buffer.from(data.subarray(at));
    if (!ready) return;
    const error = this.#error;
    this.#error = undefined;
    this.#onReady(error);
  }
}

function bind(statement: string, values: readonly string[]): Buffer {
  const parameters = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
  return message(BIND, cstring(''), cstring(statement), int16(0), int16(values.length), ...parameters, int16(0));
}

const execute = message(EXECUTE, cstring(''), int32(0));

function message(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([type]), int32(body.length + 4), body]);
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

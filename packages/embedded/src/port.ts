import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { EmbeddedError } from './errors.js';

/** Whether nobody listens on this port of 127.0.0.1; with 0, finds a free one. Resolves to the port, or undefined. */
function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? undefined) : undefined));
    });
  });
}

/** The port to listen on. One that was asked for must be free; the one kept from before is left when it is taken. */
export async function choosePort(base: string, wanted: number | undefined): Promise<number> {
  if (wanted !== undefined) {
    if ((await probe(wanted)) === undefined) throw portTaken(wanted);
    return wanted;
  }
  const kept = keptPort(base);
  const port = (kept !== undefined && (await probe(kept))) || (await probe(0));
  if (port === undefined) {
    throw new EmbeddedError(
      'EMBEDDED_START_FAILED',
      'No free TCP port was found on 127.0.0.1. Name one with the option `port`.',
    );
  }
  return port;
}

export function portTaken(port: number): EmbeddedError {
  return new EmbeddedError(
    'EMBEDDED_PORT_TAKEN',
    `Port ${port} of 127.0.0.1 is taken by another program, or may not be used. Stop that program, name another port, ` +
      'or name none: then a free one is used.',
  );
}

function keptPort(base: string): number | undefined {
  try {
    const port = Number(readFileSync(path.join(base, 'port'), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
  } catch {
    return undefined;
  }
}

export function keepPort(base: string, port: number): void {
  writeFileSync(path.join(base, 'port'), `${port}\n`);
}

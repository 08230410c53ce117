import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../../harness/serve.js';
import { monotonicMicros } from '../latency/starts.js';

/** An HTTP server on every address of this machine, in a process of its own. Bodies are numbers where arrivals are asked for. */
const arrivals: [body: string, micros: number][] = [];
let hanging = new Set<string>();
let count = 0;
const server: Server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    count += 1;
    if (body.length < 10) arrivals.push([body, monotonicMicros()]);
    if (!hanging.has(request.socket.localAddress ?? '')) response.writeHead(204).end();
  });
});
await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', 1_024, resolve));

serve({
  port: () => (server.address() as AddressInfo).port,
  /** Addresses that never answer. */
  hang: (addresses: readonly string[]) => {
    hanging = new Set(addresses);
  },
  taken: () => {
    const taken = { count, arrivals: arrivals.splice(0) };
    count = 0;
    return taken;
  },
  stop: () => {
    server.closeAllConnections();
    server.close();
  },
});

import { Pool, request } from 'undici';
import { serve } from '../../harness/serve.js';

export interface BareRun {
  readonly url: string;
  readonly body: string;
  readonly requests: number;
  readonly concurrency: number;
}

/** A loop around undici and nothing else, in a process of its own. */
serve({
  /** How many ms it took. */
  run: async ({ url, body, requests, concurrency }: BareRun): Promise<number> => {
    const dispatcher = new Pool(new URL(url).origin, { connections: concurrency, pipelining: 1 });
    const headers = { 'content-type': 'application/json' };
    const began = performance.now();
    let sent = 0;
    const loop = async () => {
      while (sent < requests) {
        sent += 1;
        const { statusCode, body: answer } = await request(url, { dispatcher, method: 'POST', headers, body });
        await answer.dump();
        if (statusCode !== 204) throw new Error(`the receiver answered ${statusCode}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, loop));
    const ms = performance.now() - began;
    await dispatcher.close();
    return ms;
  },
  stop: () => undefined,
});

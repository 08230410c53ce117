import { http } from '@pgrelay/plugin-http';
import { Processor } from '@pgrelay/relay-core';
import { pino } from 'pino';
import { serve } from '../../harness/serve.js';

/** A Processor with plugin-http and its defaults, but that it may send to this machine, in a process of its own. */
const { url }: { readonly url: string } = JSON.parse(process.argv[2] ?? '');
const processor = new Processor({
  connectionString: url,
  plugins: [http({ allowHttp: true, allowAddresses: ['127.0.0.0/8'] })],
  log: pino({ level: 'error' }, pino.destination({ fd: 2, sync: true })),
});
await processor.start();
serve({ stop: () => processor.stop() });

import type { PluginHost, Service } from '@pgrelay/relay-core';
import { cronGateway } from './cron-gateway.js';
import type { CronJob } from './options.js';

/** Declares the jobs of the options when the Processor starts; what is wrong with one stops the start. */
export class JobDeclaration implements Service {
  readonly name = 'cron jobs';
  readonly #host: PluginHost;
  readonly #jobs: readonly CronJob[];

  constructor(host: PluginHost, jobs: readonly CronJob[]) {
    this.#host = host;
    this.#jobs = jobs;
  }

  async start(): Promise<void> {
    const client = await this.#host.connect('cron jobs');
    try {
      await cronGateway.declareJobs(client, this.#jobs);
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {}
}

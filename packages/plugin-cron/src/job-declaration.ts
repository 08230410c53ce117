import type { PluginHost, Service } from '@pgrelay/relay-core';
import { cronGateway } from './cron-gateway.js';
import { describeChange } from './describe-change.js';
import type { CronOptions } from './options.js';

/**
 * Syncs the jobs of the options when the Processor starts: the plan goes to the log first. What is wrong with one stops the
 * start, and nothing is changed.
 */
export class JobDeclaration implements Service {
  readonly name = 'cron jobs';
  readonly #host: PluginHost;
  readonly #options: CronOptions;

  constructor(host: PluginHost, options: CronOptions) {
    this.#host = host;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { app, jobs, removeUndeclared } = this.#options;
    const client = await this.#host.connect('cron jobs');
    try {
      for (const change of await cronGateway.planJobs(client, app, jobs)) {
        if (change.action !== 'none' || Object.keys(change.kept).length > 0)
          this.#host.log.info({ job: change.job, action: change.action }, describeChange(change));
      }
      await cronGateway.syncJobs(client, app, jobs, removeUndeclared);
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {}
}

import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { installerUrl } from './installer-login.js';
import { chosenLane } from './lane.js';
import { dropTemplates, makeTemplates } from './templates.js';
import { testServer } from './test-server.js';
import './provided.js';

/** Vitest calls this once per run: a server, a login, and the databases that test files clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lane = chosenLane();
  const run = randomBytes(4).toString('hex');
  const server = await testServer();
  try {
    const url = await installerUrl(server.url, lane);
    const templates = await makeTemplates(url, run);
    project.provide('pgrelay', { url, lane, run, templates });
    console.log(`Tests run on ${server.description}, lane ${lane}.`);
    return async () => {
      if (process.env.DATABASE_URL) await dropTemplates(url, templates);
      await server.stop();
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

import os from 'node:os';
import { failpoints } from './failpoint.js';
import { killCampaign } from './kill-campaign.js';
import type { Ending, OwnServer } from './own-server.js';
import { restartCampaign } from './restart-campaign.js';
import type { CampaignResult } from './result.js';
import { stopCampaign } from './stop-campaign.js';
import { terminateCampaign } from './terminate-campaign.js';

export interface CampaignContext {
  readonly server: OwnServer;
  readonly seed: number;
  readonly say: (text: string) => void;
  /** How often each failpoint is hit, and each other thing in proportion. */
  readonly hits: number;
}

export interface Campaign {
  readonly name: string;
  readonly title: string;
  run(context: CampaignContext): Promise<CampaignResult>;
}

/** Processes that wait for their fault at once: most of their time they start. */
const victims = os.availableParallelism() * 3;

const named = (keep: (point: (typeof failpoints)[number]) => boolean): string[] =>
  failpoints.filter(keep).map(({ name }) => name);

/** Every failpoint. */
export const allFailpoints = named(() => true);

/** Where a reply can be lost while its process lives on; on the way down nobody waits for one. */
export const replies = named(({ point, stage }) => point === 'sent' && stage.whileStopping !== true);

/** Where a process has a slot that it can lose. */
export const withSlot = named(({ stage }) => !['attach', 'enter', 'detach'].includes(stage.name));

/** Where a process that goes on has a write before it that must be refused. */
export const whereFenced = named(
  ({ stage, point }) =>
    (/^handler-(tx|leased|batch)$/.test(stage.name) && point !== 'before') ||
    (['complete', 'settle', 'settle-tx'].includes(stage.name) && point === 'before'),
);

/** All campaigns, in the order in which they run. Another fault is another entry. */
export const campaigns: readonly Campaign[] = [
  {
    name: 'kill',
    title: 'SIGKILL at every failpoint',
    run: ({ server, hits, ...rest }) =>
      killCampaign({ ...rest, url: server.url, fault: 'kill', failpoints: allFailpoints, hits, victims }),
  },
  {
    name: 'cut',
    title: 'the connection is cut before the reply, at every call',
    run: ({ server, hits, ...rest }) =>
      killCampaign({ ...rest, url: server.url, fault: 'cut', failpoints: replies, hits: share(hits, 5), victims }),
  },
  {
    name: 'stop',
    title: 'SIGSTOP for longer than the lease, then SIGCONT, at every failpoint',
    run: ({ server, hits, ...rest }) =>
      stopCampaign({ ...rest, url: server.url, failpoints: withSlot, hits: share(hits, 10), victims }),
  },
  {
    name: 'fence',
    title: 'the same, and nobody may end the backends of the stopped: only the fences protect',
    run: ({ server, hits, ...rest }) =>
      stopCampaign({
        ...rest,
        url: server.url,
        failpoints: whereFenced,
        hits: share(hits, 5),
        victims,
        spares: true,
      }),
  },
  {
    name: 'terminate',
    title: 'pg_terminate_backend at random',
    run: ({ server, hits, ...rest }) => terminateCampaign({ ...rest, url: server.url, hits: hits * 20, processors: 2 }),
  },
  {
    name: 'restart',
    title: 'PostgreSQL restarted: fast, immediate, SIGKILL of the postmaster',
    run: ({ hits, ...rest }) => restartCampaign({ ...rest, endings: inTurn(share(hits, 4)), processors: 2 }),
  },
];

const share = (hits: number, part: number): number => Math.max(1, Math.round(hits / part));

function inTurn(times: number): Ending[] {
  return Array.from({ length: times }, (): Ending[] => ['fast', 'immediate', 'crash']).flat();
}

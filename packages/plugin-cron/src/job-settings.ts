import type { CronJob } from './options.js';

/** A job as the database takes it: only what is given, under the names of its settings. */
export function jobSettings(job: CronJob): Readonly<Record<string, unknown>> {
  const { name, spec, channel, zone, payload, missed, overlap, jitterMs, graceMs, startsAt, endsAt } = job;
  const settings = {
    name,
    spec,
    channel,
    timezone: zone,
    payload: payload === undefined ? undefined : JSON.stringify(payload),
    missed,
    overlap,
    jitter: span(jitterMs),
    grace: span(graceMs),
    starts_at: startsAt?.toISOString(),
    ends_at: endsAt?.toISOString(),
    alert_channel: job.alertChannel,
    deadline: span(job.deadlineMs),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

const span = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : `${ms} milliseconds`);

import { setTimeout as pause } from 'node:timers/promises';

const PROBE_EVERY_MS = 20;

/** Waits for a state: asks until the probe gives something else than undefined or false. Only a hang takes so long. */
export async function until<T>(
  probe: () => Promise<T | undefined | false>,
  what: string,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}.`);
    await pause(PROBE_EVERY_MS);
  }
}

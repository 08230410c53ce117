import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is true; an error is no answer, since the server may be away. False when the time is over. */
export async function waitUntil(probe: () => Promise<boolean>, withinMs: number, everyMs = 50): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    if (await probe().catch(() => false)) return true;
    await pause(everyMs);
  }
  return false;
}

import { setTimeout as pause } from 'node:timers/promises';
import {
  cancel,
  complete,
  defineHandler,
  fail,
  type HandlerDefinition,
  type Outcome,
  retryIn,
  snooze,
} from '@pgrelay/relay-core';
import { sqlFile } from '../../harness/sql-files.js';
import type { EffectsFile } from './effects-file.js';
import { reach } from './trip.js';

/** A later attempt takes so long, in ms: a stale process that comes back meets one that is under way elsewhere. */
const AGAIN_MS = 100;

interface Asked {
  readonly do: string;
}

/** What the payload asks for; each detour is taken in the first attempt only. */
function outcome(asked: string, attempt: number): Outcome {
  if (asked === 'fail') return fail('asked_to_fail');
  if (asked === 'cancel') return cancel();
  if (attempt === 1 && asked === 'retry') return retryIn(30);
  return attempt === 1 && asked === 'snooze' ? snooze(30) : complete();
}

/** The handlers of the load. `onBusy` is called amid the work of a transactional event, when others are claimed with it. */
export function handlers(file: EffectsFile, onBusy: () => void): HandlerDefinition[] {
  const makeEffect = sqlFile('faults/make_effect.sql');
  const noteChild = sqlFile('faults/note_child.sql');
  return [
    defineHandler('faults.tx', { mode: 'transactional' }, async (event, ctx) => {
      const asked = (event.payload as Asked).do;
      reach('handler-tx', 'before');
      const result = outcome(asked, event.attempt);
      // What a snoozed or cancelled attempt writes is kept; the ledger wants the effect of the attempt that is done only.
      if (result.kind === 'snoozed' || result.kind === 'cancelled') return result;
      await ctx.tx.query(makeEffect, [event.id, event.attempt]);
      if (event.attempt > 1) await pause(AGAIN_MS);
      reach('handler-tx', 'inside');
      onBusy();
      if (asked === 'child') {
        const child = await ctx.notify('faults.child', { parent: event.id });
        await ctx.tx.query(noteChild, [child, event.id]);
      }
      if (asked === 'throw') throw new Error('asked to throw');
      reach('handler-tx', 'after');
      return result;
    }),
    defineHandler('faults.leased', { concurrency: 4 }, async (event) => {
      reach('handler-leased', 'before');
      file.effect(event, 'leased');
      reach('handler-leased', 'inside');
      await pause(1);
      reach('handler-leased', 'after');
      return outcome((event.payload as Asked).do, event.attempt);
    }),
    defineHandler('faults.batch', { batch: 4 }, async (events) => {
      for (const event of events) {
        file.effect(event, 'leased');
        reach('handler-batch', 'inside');
      }
      return events.map((event) => outcome((event.payload as Asked).do, event.attempt));
    }),
    defineHandler('faults.once', { concurrency: 4 }, async (event, ctx) => {
      await ctx.once('pay', () => {
        file.effect(event, 'once');
        reach('handler-once', 'inside');
        return { paid: true };
      });
      return outcome((event.payload as Asked).do, event.attempt);
    }),
    defineHandler('faults.parent', { concurrency: 4 }, async (event, ctx) => {
      file.effect(event, 'leased');
      file.child(await ctx.notify('faults.child', { parent: event.id }), event.id);
    }),
  ];
}

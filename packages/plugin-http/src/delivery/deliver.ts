import { fail, type HandlerContext, type HandlerResult, type RelayEvent, snooze } from '@pgrelay/relay-core';
import { fillIn } from '../body/body-template.js';
import type { CheckedOptions } from '../endpoints/check-options.js';
import type { Target } from '../endpoints/target.js';
import { exchange } from '../net/exchange.js';
import type { OriginPools } from '../net/origin-pools.js';
import { signWebhook } from '../signing/sign-webhook.js';
import type { AttemptRecorder } from './attempt-recorder.js';
import { attemptRow } from './attempt-row.js';
import { judge } from './judge.js';

/** An event waits this long for its turn at a busy origin, in ms, and then goes back, uncounted, for about as long. */
const patienceMs = 10_000;

export interface DeliveryParts {
  readonly pools: OriginPools;
  readonly recorder: AttemptRecorder;
  readonly options: CheckedOptions;
}

/** Sends one event to its endpoint, writes the attempt down and says what became of it. */
export async function deliver(
  target: Target,
  event: RelayEvent<string | null>,
  ctx: HandlerContext,
  { pools, recorder, options }: DeliveryParts,
): Promise<HandlerResult> {
  const body = bodyOf(target, event);
  if (body === undefined)
    return fail('payload_not_json', 'The endpoint has a body template, and the payload is not JSON.');
  const bytes = Buffer.byteLength(body);
  if (bytes > options.maxRequestBytes) return fail('http_request_too_large');
  const { dispatcher, gate } = pools.to(target.url.origin);
  if (!(await gate.enter(target.channel, patienceMs, ctx.signal))) return snooze(patienceMs * (0.5 + Math.random()));
  const ended = await exchange(
    dispatcher,
    {
      ...target,
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        ...target.headers,
        ...signWebhook(event.id, body, target.keys, new Date()),
      },
      body: bytes === 0 ? null : body,
      maxResponseBytes: options.maxResponseBytes,
      keptBytes: options.excerptBytes,
    },
    ctx.signal,
  ).finally(() => gate.leave());
  recorder.add(attemptRow(event, ended, bytes));
  return judge(ended, event.attempt, options.excerptBytes);
}

/** Undefined: there is a template, and a payload that is no JSON. */
function bodyOf(target: Target, event: RelayEvent<string | null>): string | undefined {
  if (target.template === undefined) return event.payload ?? '';
  try {
    return JSON.stringify(fillIn(target.template, event, event.payload === null ? null : JSON.parse(event.payload)));
  } catch {
    return undefined;
  }
}

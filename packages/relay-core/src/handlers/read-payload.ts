import type { StandardSchemaV1 } from '@standard-schema/spec';
import { fail, type Outcome } from '../outcome.js';
import { describeIssues } from '../payload/describe-issues.js';
import type { PayloadForm } from './handler-definition.js';

export type ReadPayload = { readonly value: unknown } | { readonly refused: Outcome };

/** The payload as the handler wants it, or the outcome of an event whose payload cannot be that. A promise only where a schema makes one. */
export function readPayload(text: string | null, form: PayloadForm): ReadPayload | Promise<ReadPayload> {
  if (form === 'text') return { value: text };
  let value: unknown;
  try {
    value = text === null ? null : JSON.parse(text);
  } catch {
    return {
      refused: fail('payload_not_json', "the payload is not JSON; a handler with payload: 'text' takes any text"),
    };
  }
  if (form === 'json') return { value };
  const result = form['~standard'].validate(value);
  return result instanceof Promise ? result.then((late) => judge(late, value)) : judge(result, value);
}

function judge(result: StandardSchemaV1.Result<unknown>, value: unknown): ReadPayload {
  if (result.issues === undefined) return { value: result.value };
  return { refused: fail('payload_invalid', describeIssues(result.issues, value)) };
}

import { fail, type Outcome } from '../outcome.js';
import { describeIssues } from '../payload/describe-issues.js';
import type { PayloadForm } from './handler-definition.js';

/** The payload as the handler wants it, or the outcome of an event whose payload cannot be that. */
export async function readPayload(
  text: string | null,
  form: PayloadForm,
): Promise<{ readonly value: unknown } | { readonly refused: Outcome }> {
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
  const result = await form['~standard'].validate(value);
  if (result.issues === undefined) return { value: result.value };
  return { refused: fail('payload_invalid', describeIssues(result.issues, value)) };
}

import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describeIssues } from './describe-issues.js';

/**
 * The one place where TypeScript turns a payload into text. A schema checks what the handler will read, that is, the JSON
 * parsed again; what is sent is the payload as it was given, not what the schema makes of it. Only a schema that is
 * asynchronous makes the result a promise, so that events sent one after the other stay in that order.
 * @throws RelayError RELAY_PAYLOAD_INVALID
 */
export function toText(
  channel: string,
  payload: unknown,
  schema: StandardSchemaV1 | undefined,
  place = '',
): string | null | Promise<string | null> {
  const text = toJson(channel, payload, place);
  if (schema === undefined) return text;
  const value: unknown = text === null ? null : JSON.parse(text);
  const checked = schema['~standard'].validate(value);
  const judge = (result: StandardSchemaV1.Result<unknown>) => {
    if (result.issues === undefined) return text;
    throw invalid(channel, place, `does not fit its schema: ${describeIssues(result.issues, value)}`, {
      hint: 'Nothing was sent. The handler of this channel would refuse the payload, too.',
    });
  };
  return 'then' in checked ? Promise.resolve(checked).then(judge) : judge(checked);
}

function toJson(channel: string, payload: unknown, place: string): string | null {
  if (payload === undefined) return null;
  let text: string | undefined;
  try {
    text = JSON.stringify(payload);
  } catch (error) {
    throw invalid(channel, place, 'cannot be written as JSON', {
      hint: 'Send plain data: no bigint, no cycles.',
      cause: error,
    });
  }
  if (text !== undefined) return text;
  throw invalid(channel, place, `is a ${typeof payload}, which JSON cannot hold`, { hint: 'Send plain data.' });
}

function invalid(
  channel: string,
  place: string,
  what: string,
  more: { readonly hint: string; readonly cause?: unknown },
) {
  return new RelayError(
    'RELAY_PAYLOAD_INVALID',
    `${place}the payload for channel ${JSON.stringify(channel)} ${what}`,
    more,
  );
}

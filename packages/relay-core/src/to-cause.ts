import { RelayError } from '@pgrelay/relay-sql';

const form = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * What note_cause() of the database reads: the id of the event whose handler sends, and a trace; undefined when neither is
 * known. @throws RelayError RELAY_ARGUMENT_INVALID for what is no traceparent
 */
export function toCause(traceparent: string | undefined, parent: string | undefined): string | undefined {
  if (traceparent === undefined) return parent;
  if (typeof traceparent === 'string' && form.test(traceparent)) return `${parent ?? ''},${traceparent}`;
  throw new RelayError('RELAY_ARGUMENT_INVALID', 'the traceparent is not of the form of W3C Trace Context', {
    hint: 'It looks like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.',
  });
}

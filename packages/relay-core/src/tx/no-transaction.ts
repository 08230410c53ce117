import { RelayError } from '@pgrelay/relay-sql';

/** What an adapter throws for an object that has no transaction open. */
export function noTransaction(library: string, use: string): RelayError {
  return new RelayError('RELAY_TRANSACTION_INVALID', `this is no open transaction of ${library}`, {
    hint: `An event is part of a transaction only when it is sent through it: ${use}`,
  });
}

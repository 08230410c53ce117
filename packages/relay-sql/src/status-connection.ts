/** Anything that runs a statement: a pg client, or the Processor's control connection. */
export interface StatusConnection {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

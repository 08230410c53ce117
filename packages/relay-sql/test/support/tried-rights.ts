import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** An object of the relay, and the statements that try what one may do with it. */
export interface Probe {
  /** As it stands in the matrix: its kind, schema and name. */
  readonly object: string;
  readonly tries: readonly (readonly [right: string, sql: string])[];
}

/** Everything in these schemas. */
export async function probes(client: Pick<pg.Client, 'query'>, schemas: readonly string[]): Promise<Probe[]> {
  const sql = await readFile(new URL('./probes.sql', import.meta.url), 'utf8');
  return (await client.query<Probe>(sql, [schemas])).rows;
}

/** The rights on an object that the login of this connection has, found by using them; each try is undone. */
export async function triedRights(client: pg.Client, { object, tries }: Probe): Promise<string[]> {
  const [, kind, name] = /^(\w+) (?:[^.(]+\.)?([^(]+)/.exec(object) ?? [];
  const missing = [`permission denied for ${kind} ${name}`, 'permission denied for schema '];
  const rights: string[] = [];
  for (const [right, sql] of tries) {
    await client.query("begin; set local statement_timeout = '5s'");
    const error = await client.query(sql).then(
      () => undefined,
      (thrown: pg.DatabaseError) => thrown,
    );
    await client.query('rollback');
    const message = error?.message.replace(/_\d+$/, '_N') ?? '';
    if (error?.code !== '42501' || !missing.some((start) => message.startsWith(start))) rights.push(right);
  }
  return rights;
}

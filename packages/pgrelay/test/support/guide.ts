import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../../../docs/guides/several-nodes-and-standby.md', import.meta.url), 'utf8');

/** The SQL block of the guide that is named so after its language. */
export function guideSql(name: string): string {
  const found = new RegExp(`^\`\`\`sql ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  if (found === undefined) throw new Error(`the guide has no block "sql ${name}"`);
  return found;
}

/** It as it is written for node a, with what differs on this node, and a server that can be reached. */
export function guideSqlFor(name: string, node: 'a' | 'b', other: string): string {
  const swapped = node === 'a' ? guideSql(name) : swap(guideSql(name));
  return swapped.replaceAll(/'host=[ab]\.example[^']*'/g, () => `'${other}'`);
}

const swap = (sql: string): string =>
  sql.replaceAll(
    /(\bfrom_|\bhost=|')([ab])\b/g,
    (_all, before: string, name: string) => `${before}${name === 'a' ? 'b' : 'a'}`,
  );

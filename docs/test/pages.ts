import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');

/** The Markdown pages that this folder's tests look after. */
export function pages(): string[] {
  const docs = readdirSync(path.join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.split(path.sep).join('/')}`);
  return ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...docs].sort();
}

/** Files of a folder whose names end so, with what is in them. */
export function sources(folder: string, end: string): string[] {
  const root = path.join(repository, folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end))
    .map((file) => readFileSync(path.join(root, file), 'utf8'));
}

export interface Snippet {
  readonly page: string;
  readonly line: number;
  /** Language and mark: `sql run`, `ts check`, `ts run`. */
  readonly kind: string;
  readonly text: string;
}

/** The fenced blocks of a page that carry a mark, those in HTML comments (set-up that readers need not see) included. */
export function snippets(page: string): Snippet[] {
  const text = read(page);
  return [...text.matchAll(/^```(sql run|ts check|ts run)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    kind: match[1] ?? '',
    text: match[2] ?? '',
  }));
}

/** Splits at semicolons that end a line outside of dollar quotes, as our pages are written. */
export function statements(sql: string): string[] {
  const parts = sql.replace(/--.*$/gm, '').split(/(\$\w*\$[\s\S]*?\$\w*\$)/);
  const whole = parts.map((part, index) => (index % 2 === 1 ? part : part.replace(/;\s*$/gm, ';\u0000'))).join('');
  return whole
    .split('\u0000')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { machine } from './environment.js';
import type { Scenario, ScenarioContext, ScenarioResult } from './scenario.js';

export interface Report extends ScenarioResult {
  readonly scenario: string;
  readonly title: string;
  readonly at: string;
  readonly rounds: number;
  readonly machine: Record<string, string | number>;
}

/** Runs a scenario and adds what one must know to judge its figures. */
export async function report(scenario: Scenario, context: ScenarioContext): Promise<Report> {
  const facts = machine();
  const at = new Date().toISOString();
  const result = await scenario.run(context);
  return { scenario: scenario.name, title: scenario.title, at, rounds: context.rounds, machine: facts, ...result };
}

/** The report for a reader. */
export function markdown(r: Report): string {
  const facts = Object.entries(r.machine).map(([name, value]) => `${name} ${value}`);
  return `# ${r.title}\n\n${r.lines.join('\n')}\n\n${r.rounds} rounds, ${r.at}. ${facts.join(', ')}.\nServer: \`${JSON.stringify(r.server)}\`\n`;
}

/** Keeps the report in benchmarks/results, as JSON and as Markdown. */
export function save(r: Report): void {
  const folder = new URL('../../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const { lines, ...data } = r;
  const json = JSON.stringify(data, undefined, 2).replace(/\[[\d.,\s]+\]/g, onOneLine);
  writeFileSync(new URL(`${r.scenario}.json`, folder), `${json}\n`);
  writeFileSync(new URL(`${r.scenario}.md`, folder), markdown(r));
}

/** A list of numbers needs no line for each, and the formatter that checks the repository wants none. */
const onOneLine = (list: string): string => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']');

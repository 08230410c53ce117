import { mkdirSync, writeFileSync } from 'node:fs';
import { machine } from './environment.js';
import type { Scenario, ScenarioContext, ScenarioResult } from './scenario.js';

export interface Report extends ScenarioResult {
  readonly scenario: string;
  readonly title: string;
  readonly at: string;
  readonly rounds: number;
  readonly quick: boolean;
  readonly machine: Record<string, string | number>;
}

/** Runs a scenario and adds what one must know to judge its figures. */
export async function report(scenario: Scenario, context: ScenarioContext): Promise<Report> {
  const facts = machine();
  const at = new Date().toISOString();
  const result = await scenario.run(context);
  const { rounds, quick } = context;
  return { scenario: scenario.name, title: scenario.title, at, rounds, quick, machine: facts, ...result };
}

/** The report for a reader. */
export function markdown(r: Report): string {
  const list = (facts: object) => Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  const quick = r.quick ? 'A QUICK RUN: no figure of it is worth anything.\n\n' : '';
  const contenders = r.versions ? ` Contenders: ${list(r.versions).join(', ')}.` : '';
  const facts = `${r.rounds} rounds, ${r.at}. ${list(r.machine).join(', ')}.${contenders}`;
  return `# ${r.title}\n\n${quick}${r.lines.join('\n')}\n\n${facts}\nServer: \`${JSON.stringify(r.server)}\`\n`;
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

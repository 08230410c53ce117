/** What a scenario is given. */
export interface ScenarioContext {
  /** A server of the caller's; undefined: an embedded one. */
  readonly database: string | undefined;
  /** How often the measured thing is repeated. */
  readonly rounds: number;
  /** Small counts, one round, and no bar judged: only that everything works. */
  readonly quick: boolean;
  /** Progress, one line at a time. */
  say(text: string): void;
}

export interface ScenarioResult {
  /** Whether the bar is met. */
  readonly passed: boolean;
  /** The result in a few lines of Markdown. */
  readonly lines: readonly string[];
  /** Everything measured, with its spread. */
  readonly figures: unknown;
  /** The server's version and settings. */
  readonly server: unknown;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(context: ScenarioContext): Promise<ScenarioResult>;
}

/** What a scenario is given. */
export interface ScenarioContext {
  /** A server of the caller's; undefined: an embedded one. */
  readonly database: string | undefined;
  /** How often the measured thing is repeated. */
  readonly rounds: number;
  /** Small counts, to see that everything runs: no figure is worth anything and no bar is judged. */
  readonly quick: boolean;
  /** Progress, one line at a time. */
  say(text: string): void;
}

export interface ScenarioResult {
  /** Whether the bars are met; in a quick run: whether everything ran. */
  readonly passed: boolean;
  /** The result in a few lines of Markdown. */
  readonly lines: readonly string[];
  /** Everything measured, with its spread. */
  readonly figures: unknown;
  /** The server's version and settings. */
  readonly server: unknown;
  /** Versions of the peers and of the Node that all contenders ran on, where there are any. */
  readonly versions?: Readonly<Record<string, string>>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(context: ScenarioContext): Promise<ScenarioResult>;
}

/** What the soak counts while it runs. */
export class Counts {
  committed = 0;
  rolledBack = 0;
  truncates = 0;
  /** Transactions held open for more than three seconds. */
  long = 0;
  /** wait_until_fresh said true, and the read after it saw the writer's own change. */
  fresh = 0;
  readonly failures: string[] = [];
  /** The longest that one statement of a writer took, TRUNCATE apart; deliberate holds lie between statements. */
  worstStatementMs = 0;
  worstStatement = '';
  /** TRUNCATE needs the table alone, so it waits for whoever reads it, a refresh included. */
  worstTruncateMs = 0;
  worstFreshWaitMs = 0;
  worstStaleMs = 0;
  looks = 0;
  looksWithWaiting = 0;
  looksWaitingForRelay = 0;

  get transactions(): number {
    return this.committed + this.rolledBack;
  }

  noteStatement(name: string, ms: number): void {
    if (name === 'reload_playlist_tracks') {
      this.worstTruncateMs = Math.max(this.worstTruncateMs, ms);
    } else if (ms > this.worstStatementMs) {
      this.worstStatementMs = ms;
      this.worstStatement = name;
    }
  }
}

/** What becomes of one job when the declarations of an app are synced. */
export interface JobChange {
  readonly job: string;
  /**
   * `conflict`: the name belongs to a job made in SQL or to another app, and a sync is refused. `remove`: it is declared no
   * more, and goes when a sync is told to remove.
   */
  readonly action: 'create' | 'change' | 'none' | 'remove' | 'conflict';
  /** What would be changed, by setting. */
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
  /** What an operator changed with `alter`, `pause` or `unschedule`; it stays so. */
  readonly kept: Readonly<Record<string, { readonly declared: unknown; readonly actual: unknown }>>;
}

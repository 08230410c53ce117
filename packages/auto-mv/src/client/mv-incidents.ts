/** Contents of a view that were not what its query gives though no change was waiting: a row of pgauto_mv.incidents. */
export interface MvIncident {
  readonly id: string;
  readonly viewName: string;
  readonly foundAt: Date;
  /** The pg_snapshot under which view and query were compared. */
  readonly asOf: string;
  /** When the refresh ended that the contents were of. */
  readonly contentsAt: Date | null;
  readonly viewRows: number;
  /** Rows that the query gives and the view had not. */
  readonly rowsMissing: number;
  /** Rows that the view had and the query does not give. */
  readonly rowsSurplus: number;
  readonly queryDigest: string;
  /** A suspicion. */
  readonly cause: string;
  /** When the view was made dirty for it. */
  readonly markedAt: Date | null;
  /** null: it is open. */
  readonly repairedAt: Date | null;
  readonly repairedHow: string | null;
}

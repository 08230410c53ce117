/** What one transaction of a client does: files below benchmarks/sql/enqueue. */
export interface Shape {
  readonly name: string;
  readonly statements: readonly string[];
  /** Rows that a transaction leaves, and watches that it touches. */
  readonly orders: number;
  readonly lines: number;
  readonly watches: number;
}

export const oneInsert: Shape = { name: '1 insert', statements: ['order'], orders: 1, lines: 0, watches: 1 };

export const fourStatements: Shape = {
  name: '4 statements',
  statements: ['begin', 'order', 'order-line', 'order-line', 'order-line', 'commit'],
  orders: 1,
  lines: 3,
  watches: 2,
};

/** Eight clients that write, and what notes their changes. */
export interface CaptureContender {
  readonly name: string;
  readonly shape: Shape;
  readonly way: 'none' | 'capture' | 'dirty flag';
  /** Registered views, all of the same tables. */
  readonly views: number;
  /** Whether a Processor plans and cleans up meanwhile. */
  readonly processor: boolean;
}

/** All that is measured of one kind of transaction. */
export function contendersOf(shape: Shape) {
  const of = (name: string, way: CaptureContender['way'], views: number, processor = false): CaptureContender => ({
    name: `${shape.name}, ${name}`,
    shape,
    way,
    views,
    processor,
  });
  return {
    none: of('no trigger', 'none', 0),
    capture: of('capture, 1 view', 'capture', 1),
    twenty: of('capture, 20 views', 'capture', 20),
    served: of('capture, 1 view, beside a Processor', 'capture', 1, true),
    dirtyFlag: of('published dirty flag, 1 view', 'dirty flag', 1),
  };
}

/** What one contender should leave, by the names of the ledger. */
export function expected({ shape, way }: CaptureContender, transactions: number): Readonly<Record<string, number>> {
  return {
    orders: shape.orders * transactions,
    lines: shape.lines * transactions,
    changes: way === 'capture' ? shape.watches * transactions : 0,
  };
}

/** What does not add up, in words; nothing when each transaction left what it should. */
export function mismatches(
  contender: CaptureContender,
  transactions: number,
  found: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(expected(contender, transactions))
    .filter(([what, count]) => found[what] !== count)
    .map(([what, count]) => `${transactions} transactions should leave ${count} ${what}, there are ${found[what]}`);
}

import { RelayError } from '@pgrelay/relay-sql';

/** An error that a client may read: answered with its status as `{"error": {code, message, hint}}`. */
export class RouteError extends RelayError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** `message` and `hint` reach the client: no secret and no payload belongs in them. */
  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      readonly hint?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

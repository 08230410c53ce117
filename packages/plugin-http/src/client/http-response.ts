/** The answer to a request of `ctx.http`. */
export class HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;

  constructor(status: number, headers: HttpResponse['headers'], body: Buffer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  text(): string {
    return this.body.toString('utf8');
  }

  /** @throws SyntaxError */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

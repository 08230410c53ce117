/**
 * Takes SIGINT and SIGTERM while there is no Processor yet: the first is remembered, so that the stage under way ends
 * properly; a second one exits at once, and the embedded server with it. After `handOver` somebody else acts on them.
 */
export class EarlySignals {
  #count = 0;
  #handedOver = false;
  readonly #onSignal = () => {
    if (this.#handedOver) return;
    this.#count += 1;
    if (this.#count > 1) process.exit(1);
  };

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  get seen(): boolean {
    return this.#count > 0;
  }

  /** From now on nothing happens here, but the process does not die of a signal either. */
  handOver(): void {
    this.#handedOver = true;
  }

  release(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}

/**
 * Lets many share and one have something alone; whoever wants it alone goes first. Keeps the writers from waiting for
 * each other's locks in the database, where it would look as if the relay had made them wait.
 */
export class Gate {
  #sharing = 0;
  #alone = false;
  #waitingAlone = 0;
  #wake: (() => void)[] = [];

  async share<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone || this.#waitingAlone > 0) await this.#change();
    this.#sharing += 1;
    try {
      return await work();
    } finally {
      this.#sharing -= 1;
      this.#changed();
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    this.#waitingAlone += 1;
    while (this.#alone || this.#sharing > 0) await this.#change();
    this.#waitingAlone -= 1;
    this.#alone = true;
    try {
      return await work();
    } finally {
      this.#alone = false;
      this.#changed();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Lets a loop wait for a time or for a signal, whichever comes first. A signal sent while nobody waits is not lost. */
export class Wakeup {
  #pending = false;
  #release: (() => void) | undefined;

  get isWaiting(): boolean {
    return this.#release !== undefined && !this.#pending;
  }

  signal(): void {
    this.#pending = true;
    this.#release?.();
  }

  /** Whether a signal ended the wait. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#pending && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
        this.#release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#release = undefined;
    }
    const signalled = this.#pending;
    this.#pending = false;
    return signalled;
  }
}

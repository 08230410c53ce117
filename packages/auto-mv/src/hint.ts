/** The notifications that refreshes send when they commit, as something to wait for. One that nobody waits for is kept. */
export class Hint {
  #rung = false;
  #wake: (() => void) | undefined;

  /** For the event `notification` of a client. */
  readonly ring = ({ channel }: { readonly channel: string }): void => {
    if (channel !== 'pgauto_mv') return;
    this.#rung = true;
    this.#wake?.();
  };

  /** Resolves at the next one, or after so many ms. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}

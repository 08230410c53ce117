/** Where a Processor is in its life. `standby`: it waits for the promotion of its server. */
export type ProcessorPhase = 'new' | 'starting' | 'standby' | 'working' | 'stopping' | 'stopped';

/** What others may want to know of a Processor, in one place: its phase, and why it has no slot. */
export class ProcessorState {
  readonly #onChange: (phase: ProcessorPhase) => void;
  #phase: ProcessorPhase = 'new';
  /** The code of what keeps a slot from it, while it tries to take a new one. */
  trouble: string | undefined;

  constructor(onChange: (phase: ProcessorPhase) => void) {
    this.#onChange = onChange;
  }

  get phase(): ProcessorPhase {
    return this.#phase;
  }

  /** Whoever stops does not start again: what comes late from a start is passed over. */
  enter(phase: ProcessorPhase): void {
    if (phase === this.#phase || this.#phase === 'stopped' || (this.#phase === 'stopping' && phase !== 'stopped'))
      return;
    this.#phase = phase;
    this.#onChange(phase);
  }
}

/** A long-lived part of a Processor. stop() may be called before start(), and twice; it waits until the part has stopped. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

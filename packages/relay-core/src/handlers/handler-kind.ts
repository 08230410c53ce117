import type { Queryable } from '../db/queryable.js';
import type { HandlerDefinition } from './handler-definition.js';

/** A channel that was registered with a kind. */
export interface KindChannel {
  readonly id: number;
  readonly name: string;
}

/**
 * Serves every channel that is registered with a kind, such as `http`, also those that are registered after the Processor has
 * started. The plugin's SQL functions register them with pgrelay.register_kind_channel().
 */
export interface HandlerKind {
  /** Lower case with dashes; one plugin a kind. */
  readonly kind: string;
  /**
   * Called once, before the first load: registers what the plugin's options name. `mayRegister` is false when channels must
   * exist (option `channels: 'require'`). What it throws stops the start.
   */
  declare?(db: Queryable, mayRegister: boolean): Promise<void>;
  /**
   * The leased handlers of these channels, each defined under its channel's name. Called when the Processor starts and whenever
   * channels have changed; the plugin's SQL functions say so with pgrelay.announce_channels(). A channel that is left out is not
   * served and its events wait. Give the same object again for a channel that has not changed.
   */
  load(db: Queryable, channels: readonly KindChannel[]): Promise<readonly HandlerDefinition[]>;
}

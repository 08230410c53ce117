/** Who may send to a channel, and what. */
export interface InboundChannel {
  /** Bearer tokens, instead of those for all channels; any of them will do. `[]`: none is asked for. */
  readonly tokens?: readonly string[];
  /** `whsec_…` and `whpk_…`, instead of those for all channels; any of them may have signed. `[]`: no signature is asked for. */
  readonly secrets?: readonly string[];
  /** `json`: the body must be JSON. `text`: any UTF-8 text. Default: `json`. */
  readonly payload?: 'json' | 'text';
  /** Whether a request without a key is refused. Default: false. A signed one always has a key. */
  readonly requireKey?: boolean;
}

/** `POST /channels/:name/events` on the Processor's HTTP server: other systems send events. */
export interface InboundOptions {
  /** The channels that take events; no other one does. */
  readonly channels: Readonly<Record<string, InboundChannel>>;
  /**
   * Bearer tokens of at least 16 characters for all channels; several while one takes the other's place. Never logged.
   * Default: those in the environment variable PGRELAY_HTTP_INBOUND_TOKENS, separated by spaces.
   */
  readonly tokens?: readonly string[];
  /**
   * What may have signed a request (Standard Webhooks): `whsec_…` (HMAC-SHA256) and `whpk_…` (ed25519). Never logged.
   * Default: those in PGRELAY_HTTP_INBOUND_SECRETS, separated by spaces.
   */
  readonly secrets?: readonly string[];
  /** How far the time of a signed request may be from the database's, in ms. Default: 300,000. */
  readonly toleranceMs?: number;
  /** The longest body, in bytes. Default: 1,048,576. */
  readonly bodyLimitBytes?: number;
  /** How long a key is remembered at least, in days. Default: 7. */
  readonly keepKeysDays?: number;
}

export const defaultInboundOptions = {
  toleranceMs: 300_000,
  bodyLimitBytes: 1_048_576,
  keepKeysDays: 7,
} as const;

/** Where tokens and secrets come from when no option names them. */
export const inboundEnvironment = {
  tokens: 'PGRELAY_HTTP_INBOUND_TOKENS',
  secrets: 'PGRELAY_HTTP_INBOUND_SECRETS',
} as const;

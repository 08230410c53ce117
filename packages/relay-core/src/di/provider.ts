import type { Class } from './injectable.js';
import type { Token } from './tokens.js';

/** What stands behind a token: a value, a factory called once, or a class constructed once with its own injections. */
export type Provider<T = unknown> =
  | { readonly token: Token<T>; readonly useValue: T }
  | { readonly token: Token<T>; readonly useFactory: () => T }
  | { readonly token: Token<T>; readonly useClass: Class<T> };

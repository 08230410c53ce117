/**
 * What plugins add to the context of every handler. A plugin declares the type of its part:
 * `declare module '@pgrelay/relay-core' { interface ContextExtensions { readonly http: HttpClient } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: plugins merge their parts into it
export interface ContextExtensions {}

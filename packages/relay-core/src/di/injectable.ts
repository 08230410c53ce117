import 'reflect-metadata';
import { inject as tsyringeInject, injectable as tsyringeInjectable } from 'tsyringe';
import type { Token } from './tokens.js';

/** Any class; what its constructor takes is known through `@inject`. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor type must accept every parameter list
export type Class<T = unknown> = new (...args: any[]) => T;

const parameterTokens = new WeakMap<object, Map<number, symbol>>();

/** Marks a constructor parameter: it gets what was provided for the token. */
export function inject<T>(token: Token<T>): ParameterDecorator {
  return (target, key, index) => {
    const tokens = parameterTokens.get(target) ?? new Map<number, symbol>();
    parameterTokens.set(target, tokens.set(index, token));
    tsyringeInject(token)(target, key, index);
  };
}

/** Makes a class constructible by the container; every constructor parameter needs `@inject`. */
export function injectable(target: Class): void {
  tsyringeInjectable()(target);
}

/** The tokens of a class's constructor parameters, by position; undefined where `@inject` is missing. */
export function tokensOf(target: Class): readonly (symbol | undefined)[] {
  const tokens = parameterTokens.get(target);
  return Array.from({ length: Math.max(target.length, tokens?.size ?? 0) }, (_, index) => tokens?.get(index));
}

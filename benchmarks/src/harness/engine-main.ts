import { type HandlerDefinition, Processor } from '@pgrelay/relay-core';
import { pino } from 'pino';
import type { EngineSettings } from './engine-process.js';
import { type Methods, serve } from './serve.js';

/** A Processor of the engine alone, without plugins, as a process of its own; its argument is EngineSettings as JSON. */
const { url, workers, handlers: module }: EngineSettings = JSON.parse(process.argv[2] ?? '');
const { handlers = [], methods = {} } = module === undefined ? {} : ((await import(module)) as EngineModule);
const processor = new Processor({
  connectionString: url,
  ...(workers === undefined ? {} : { workers }),
  handlers,
  log: pino({ level: 'error' }, pino.destination({ fd: 2, sync: true })),
});
await processor.start();
serve({ ...methods, stop: () => processor.stop() });

/** What a module may bring: handlers, and what the harness may ask of them. */
interface EngineModule {
  readonly handlers?: readonly HandlerDefinition[];
  readonly methods?: Methods;
}

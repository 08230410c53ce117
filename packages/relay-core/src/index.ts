import 'reflect-metadata';

export { RelayError } from '@pgrelay/relay-sql';
export { type DeclaredChannel, declaredChannels } from './channels/declared-channels.js';
export { type ChannelDefinition, defineChannel } from './channels/define-channel.js';
export type {
  ChannelRef,
  Channels,
  ChannelsOf,
  NoChannels,
  NotifyArguments,
  PayloadFor,
} from './channels/notify-arguments.js';
export { type ClientOptions, createClient, type NotifyEvent, type NotifyOptions, type RelayClient } from './client.js';
export { isConnectionLoss, sqlstateOf } from './db/pg-error.js';
export type { Queryable } from './db/queryable.js';
export type { Container } from './di/container.js';
export { inject, injectable } from './di/injectable.js';
export type { Provider } from './di/provider.js';
export { EVENT, EVENT_LOGGER, LOGGER, SIGNAL, type Token, token } from './di/tokens.js';
export type { RelayEvent } from './event.js';
export { type Explanation, isEventId } from './explanation.js';
export { AttemptError } from './handlers/attempt-error.js';
export type { BreakerOptions } from './handlers/breaker-option.js';
export type { BatchContext, HandlerContext, TransactionalContext } from './handlers/context.js';
export * from './handlers/context-extensions.js';
export type { DebounceOptions } from './handlers/debounce-option.js';
export { defineHandler } from './handlers/define-handler.js';
export { handler } from './handlers/handler-decorator.js';
export {
  type BatchResult,
  defaultHandlerOptions,
  type HandlerDefinition,
  type HandlerMode,
  type HandlerOptions,
  type HandlerResult,
  type PayloadForm,
} from './handlers/handler-definition.js';
export type { HandlerKind, KindChannel } from './handlers/handler-kind.js';
export type { LimitOptions } from './handlers/limits-option.js';
export {
  type Backoff,
  defaultBackoff,
  type Jitter,
  type RetryMatch,
  type RetryOptions,
} from './handlers/retry-option.js';
export type { ProcessorPhase } from './lifecycle/processor-state.js';
export type { Service } from './lifecycle/service.js';
export { stopOnSignals } from './lifecycle/stop-on-signals.js';
export { defaultProcessorOptions, type ProcessorOptions } from './options.js';
export { cancel, complete, fail, type Outcome, retryIn, snooze } from './outcome.js';
export { definePlugin, type Plugin, type PluginDefinition, type PluginHost } from './plugins/plugin.js';
export { Processor } from './processor.js';
export type { ReadinessCheck, Reason } from './server/readiness.js';
export type { Route, RouteMethod, RouteReply, RouteRequest } from './server/route.js';
export { RouteError } from './server/route-error.js';
export { defaultServerOptions, type ServerOptions } from './server/server-options.js';
export type { PeriodicTask, TaskContext } from './tasks/periodic-task.js';
export type { Hook } from './telemetry/telemetry.js';
export {
  type AttemptSettled,
  type AttemptStarted,
  type BatchSettled,
  type EventsClaimed,
  type PhaseChanged,
  type RequestAnswered,
  type SlotLost,
  type TelemetryEvent,
  type TelemetryEvents,
  telemetryEvents,
  type ViewVerified,
} from './telemetry/telemetry-events.js';
export { defaultWaitOptions, type EventEnd, type WaitOptions } from './wait-for-end.js';

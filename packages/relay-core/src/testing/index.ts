import 'reflect-metadata';

export type { TestState } from './calls.js';
export type { PayloadMatcher } from './differences.js';
export { eventsOf, logOf, type TestAttempt, type TestEvent } from './events-of.js';
export { type ExpectedEvent, expectEvent } from './expect-event.js';
export { type Performed, type PerformOptions, performHandler } from './perform-handler.js';
export {
  defaultRunUntilIdleOptions,
  type LeftEvents,
  type RunReport,
  type RunUntilIdleOptions,
  runUntilIdle,
} from './run-until-idle.js';
export { installTestClock, type TestClock, type TestClockOptions } from './test-clock.js';

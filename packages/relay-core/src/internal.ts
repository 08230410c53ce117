/** For this project's own benchmarks, which measure single stages of the flow: not a public interface, may change in any release. */
export { type Fence, gateway } from './db/gateway.js';
export { Marks } from './flow/marks.js';

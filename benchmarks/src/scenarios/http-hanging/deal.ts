/** So many events dealt to all endpoints in turn, in an order that is the same in every run and not that of their numbers. */
export function deal(endpoints: readonly number[], events: number): number[] {
  const stride = 7_919; // prime to every number of endpoints here
  return Array.from({ length: events }, (_, n) => endpoints[(n * stride) % endpoints.length] ?? 0);
}

/** A tsyringe container, for users who have one of their own. */
export type { DependencyContainer as Container } from 'tsyringe';

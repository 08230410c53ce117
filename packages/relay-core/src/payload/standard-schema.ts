import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Whether it is a schema of zod, valibot, arktype or any other library that keeps to Standard Schema. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as { readonly '~standard'?: { readonly validate?: unknown } })['~standard'];
  return typeof standard?.validate === 'function';
}

/**
 * A materialized view: as SQL would read it (`reporting.daily`, with double quotes around a name that needs them, found in
 * the connection's search_path), or by its exact names in the catalog, which also finds a registration whose view is gone.
 */
export type MvName = string | { readonly schema: string; readonly name: string };

/** Whether a value can be such a name. */
export function isMvName(view: unknown): view is MvName {
  const isText = (value: unknown) => typeof value === 'string' && value !== '' && !value.includes('\0');
  if (typeof view === 'string') return isText(view);
  const names = view as Partial<Record<'schema' | 'name', unknown>> | null | undefined;
  return isText(names?.name) && isText(names?.schema);
}

/** The name as SQL reads it. */
export function toSql(view: MvName): string {
  return typeof view === 'string' ? view : `${quoted(view.schema)}.${quoted(view.name)}`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

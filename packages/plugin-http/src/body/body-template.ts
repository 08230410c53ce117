/** What a template may speak of. */
export interface TemplateEvent {
  readonly id: string;
  readonly channel: string;
  readonly enqueuedAt: Date;
  readonly dedupKey: string | null;
}

const hole = /\{\{ *(payload(?:\.[^.{}\s]+)*|event\.(?:id|channel|enqueued_at|dedup_key)) *\}\}/g;

/** Whether every `{{…}}` in a JSON value is one that can be filled in; the names of an object's members may have none. */
export function isTemplate(template: unknown): boolean {
  if (typeof template === 'string') return !/\{\{|\}\}/.test(template.replaceAll(hole, ''));
  if (Array.isArray(template)) return template.every(isTemplate);
  if (typeof template !== 'object' || template === null) return typeof template !== 'function';
  return Object.entries(template).every(([name, value]) => !/\{\{|\}\}/.test(name) && isTemplate(value));
}

/**
 * A template with its values put in. It is JSON, and so is what comes of it: a string that is nothing but `{{payload.items}}`
 * becomes that value, whatever its type; inside a longer string a value is put in as text. What the payload does not have is
 * null, or nothing. There is no logic in it: whoever needs some writes a handler.
 */
export function fillIn(template: unknown, event: TemplateEvent, payload: unknown): unknown {
  if (typeof template === 'string') return fillText(template, event, payload);
  if (Array.isArray(template)) return template.map((value) => fillIn(value, event, payload));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fillIn(value, event, payload)]));
}

function fillText(text: string, event: TemplateEvent, payload: unknown): unknown {
  const [only] = text.matchAll(hole);
  if (only !== undefined && only[0] === text) return valueAt(only[1] ?? '', event, payload) ?? null;
  return text.replaceAll(hole, (_whole, path: string) => asText(valueAt(path, event, payload)));
}

function valueAt(path: string, event: TemplateEvent, payload: unknown): unknown {
  const [root, ...names] = path.split('.');
  if (root === 'event') {
    return {
      id: event.id,
      channel: event.channel,
      enqueued_at: event.enqueuedAt.toISOString(),
      dedup_key: event.dedupKey,
    }[names[0] as 'id' | 'channel' | 'enqueued_at' | 'dedup_key'];
  }
  let at: unknown = payload;
  for (const name of names) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

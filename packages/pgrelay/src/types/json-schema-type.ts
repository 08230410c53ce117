type JsonSchema = Readonly<Record<string, unknown>>;

const names: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** A property whose name needs no quotes. */
const plain = /^[A-Za-z_$][\w$]*$/;

/**
 * The TypeScript type of what a JSON Schema (draft 2020-12) takes, as far as types go: formats, lengths and patterns are left to
 * the schema itself. What it cannot say, such as a conditional or a schema that refers to itself, is `unknown`.
 */
export function jsonSchemaType(schema: unknown, indent = ''): string {
  return typeOf(schema, indent, { root: isObject(schema) ? schema : {}, open: [] });
}

/** Where references lead, and which of them lead here: one that comes again refers to itself. */
interface Place {
  readonly root: JsonSchema;
  readonly open: readonly string[];
}

function typeOf(schema: unknown, indent: string, place: Place): string {
  if (schema === false) return 'never';
  if (!isObject(schema)) return 'unknown';
  if (typeof schema['$ref'] === 'string') return referred(schema['$ref'], indent, place);
  if ('const' in schema) return literal(schema['const']);
  if (Array.isArray(schema['enum'])) return union(schema['enum'].map(literal));
  const either = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(either)) return union(either.map((one) => typeOf(one, indent, place)));
  if (Array.isArray(schema['allOf']))
    return [
      ...new Set(
        [
          ...schema['allOf'].map((one) => typeOf(one, indent, place)),
          ...(isShaped(schema) ? [shape(schema, indent, place)] : []),
        ].map(grouped),
      ),
    ].join(' & ');
  const { type } = schema;
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one }, indent, place)));
  return shape(schema, indent, place);
}

function shape(schema: JsonSchema, indent: string, place: Place): string {
  const { type } = schema;
  if (type === 'object' || (type === undefined && 'properties' in schema)) return objectType(schema, indent, place);
  if (type === 'array' || (type === undefined && ('items' in schema || 'prefixItems' in schema)))
    return arrayType(schema, indent, place);
  return (typeof type === 'string' ? names[type] : undefined) ?? 'unknown';
}

function objectType(schema: JsonSchema, indent: string, place: Place): string {
  const inner = `${indent}  `;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const lines = Object.entries(properties).map(
    ([name, one]) =>
      `${inner}${plain.test(name) ? name : JSON.stringify(name)}${required.has(name) ? '' : '?'}: ${typeOf(one, inner, place)};`,
  );
  const more = schema['additionalProperties'];
  // Beside named properties an index signature would have to take their types as well.
  if (lines.length === 0)
    return more === false
      ? 'Record<string, never>'
      : `Record<string, ${more === undefined || more === true ? 'unknown' : typeOf(more, indent, place)}>`;
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function arrayType(schema: JsonSchema, indent: string, place: Place): string {
  const { prefixItems, items } = schema;
  if (!Array.isArray(prefixItems)) return `${grouped(typeOf(items ?? true, indent, place))}[]`;
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 0;
  const parts = prefixItems.map((one, index) => `${grouped(typeOf(one, indent, place))}${index < least ? '' : '?'}`);
  const rest = items === false ? [] : [`...${grouped(typeOf(items ?? true, indent, place))}[]`];
  return `[${[...parts, ...rest].join(', ')}]`;
}

function referred(reference: string, indent: string, place: Place): string {
  if (place.open.includes(reference) || !reference.startsWith('#')) return 'unknown';
  let target: unknown = place.root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  }
  return typeOf(target, indent, { ...place, open: [...place.open, reference] });
}

function literal(value: unknown): string {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value) ? JSON.stringify(value) : 'unknown';
}

const union = (types: readonly string[]): string => {
  const all = [...new Set(types)];
  return all.length === 0
    ? 'never'
    : all.includes('unknown')
      ? 'unknown'
      : all.map((type) => (type.includes(' & ') ? grouped(type) : type)).join(' | ');
};

/** A union or an intersection, outside of braces and brackets, in parentheses. */
function grouped(type: string): string {
  let depth = 0;
  let text = '';
  for (const part of type.split(/("(?:[^"\\]|\\.)*")/).filter((_one, index) => index % 2 === 0))
    for (const sign of part) {
      if ('{[(<'.includes(sign)) depth += 1;
      if (depth === 0) text += sign;
      if ('}])>'.includes(sign)) depth -= 1;
    }
  return /[|&]/.test(text) ? `(${type})` : type;
}

const isShaped = (schema: JsonSchema): boolean => 'type' in schema || 'properties' in schema;

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

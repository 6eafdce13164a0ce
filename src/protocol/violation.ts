/**
 * Says what is wrong with data that a schema has refused, in words for its sender. The schema library's own search
 * tries every branch for every element, 180 ms for one hostile frame; this one looks at each value once.
 */

export interface Violation {
  /** Dotted, empty for the data as a whole. */
  path: string;
  /** Follows the path: `is required`, `must be a string`. */
  says: string;
}

/** The keywords of JSON Schema that the wire schemas use; others are not looked at. */
interface Rules {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Rules[];
  $ref?: string;
  $defs?: Record<string, Rules>;
  required?: string[];
  properties?: Record<string, Rules>;
  patternProperties?: Record<string, Rules>;
  items?: Rules;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
}

type Definitions = Record<string, Rules>;

/** The first violation; undefined where none is found, which a keyword from outside of the list may bring about. */
export function findViolation(schema: object, data: unknown): Violation | undefined {
  return visit(schema, data, '', {});
}

function visit(schema: Rules, value: unknown, path: string, outer: Definitions): Violation | undefined {
  const definitions = schema.$defs ?? outer;
  const rules = resolve(schema, definitions);
  if (rules.anyOf) return visitUnion(rules.anyOf, value, path, definitions);
  if (!fits(rules, value)) return { path, says: `must be ${nameOf(rules)}` };
  const says = measure(rules, value);
  if (says !== undefined) return { path, says };
  if (Array.isArray(value)) return visitItems(rules, value, path, definitions);
  return isObject(value) ? visitProperties(rules, value, path, definitions) : undefined;
}

function resolve(schema: Rules, definitions: Definitions): Rules {
  return schema.$ref === undefined ? schema : (definitions[schema.$ref] ?? {});
}

/** Only branches of the value's own kind are looked into, which keeps the whole search linear. */
function visitUnion(branches: Rules[], value: unknown, path: string, definitions: Definitions): Violation | undefined {
  const resolved = branches.map((branch) => resolve(branch, definitions));
  const fitting = resolved.filter((branch) => fits(branch, value));
  const [only] = fitting;
  if (!only) return { path, says: `must be ${resolved.map(nameOf).join(' or ')}` };
  return fitting.length === 1 ? visit(only, value, path, definitions) : undefined;
}

function visitItems(rules: Rules, list: unknown[], path: string, definitions: Definitions): Violation | undefined {
  const { items } = rules;
  return items && first(list.keys(), (index) => visit(items, list[index], join(path, `${index}`), definitions));
}

function visitProperties(
  rules: Rules,
  object: Record<string, unknown>,
  path: string,
  definitions: Definitions,
): Violation | undefined {
  const { required = [], properties = {}, patternProperties = {} } = rules;
  const missing = required.find((name) => !Object.hasOwn(object, name));
  if (missing !== undefined) return { path: join(path, missing), says: 'is required' };
  const patterns = Object.entries(patternProperties).map(([text, rule]) => [new RegExp(text, 'u'), rule] as const);
  return first(Object.keys(object), (name) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const rule = own ?? patterns.find(([pattern]) => pattern.test(name))?.[1];
    return rule && visit(rule, object[name], join(path, name), definitions);
  });
}

function first<T>(keys: Iterable<T>, look: (key: T) => Violation | undefined): Violation | undefined {
  for (const key of keys) {
    const violation = look(key);
    if (violation) return violation;
  }
  return undefined;
}

const kinds: Record<string, { name: string; holds: (value: unknown) => boolean }> = {
  object: { name: 'an object', holds: isObject },
  array: { name: 'a list', holds: Array.isArray },
  string: { name: 'a string', holds: (value) => typeof value === 'string' },
  integer: { name: 'an integer', holds: Number.isInteger },
  number: { name: 'a number', holds: Number.isFinite },
  boolean: { name: 'true or false', holds: (value) => typeof value === 'boolean' },
  null: { name: 'null', holds: (value) => value === null },
};

function fits(rules: Rules, value: unknown): boolean {
  if (rules.const !== undefined) return value === rules.const;
  if (rules.enum) return rules.enum.includes(value);
  const kind = rules.type === undefined ? undefined : kinds[rules.type];
  return kind === undefined || kind.holds(value);
}

function nameOf(rules: Rules): string {
  if (rules.const !== undefined) return JSON.stringify(rules.const);
  if (rules.enum) return `one of ${rules.enum.join(', ')}`;
  return kinds[rules.type ?? '']?.name ?? 'something else';
}

function measure(rules: Rules, value: unknown): string | undefined {
  if (typeof value === 'string') return measureText(rules, value);
  if (typeof value === 'number') return measureNumber(rules, value);
  if (!Array.isArray(value)) return undefined;
  const { minItems = 0, maxItems = Infinity } = rules;
  if (value.length < minItems) return `must have at least ${minItems} entries`;
  return value.length > maxItems ? `must have at most ${maxItems} entries` : undefined;
}

function measureText({ minLength = 0, maxLength = Infinity, pattern }: Rules, text: string): string | undefined {
  // JSON Schema counts code points.
  const length = text.length < minLength || text.length > maxLength ? Array.from(text).length : text.length;
  if (length < minLength) return minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`;
  if (length > maxLength) return `must have at most ${maxLength} characters`;
  return pattern === undefined || new RegExp(pattern, 'u').test(text) ? undefined : `must match ${pattern}`;
}

function measureNumber({ minimum = -Infinity, maximum = Infinity }: Rules, value: number): string | undefined {
  if (value < minimum) return `must be at least ${minimum}`;
  return value > maximum ? `must be at most ${maximum}` : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

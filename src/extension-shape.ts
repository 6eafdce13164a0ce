/**
 * Is it an extension, and does it go together with the others? What TypeScript says of ours while they are written is said
 * here of those that come at the start.
 */
import { suggest } from './config/suggest.ts';
import type { Extension, Hooks, Place } from './extension.ts';
import { compile } from './protocol/parse.ts';

/** Says what is wrong, with the remedy. */
type Check = (value: unknown, path: string) => string | undefined;
type Entries = [name: string, value: unknown][];

const ownName = /^x-[A-Za-z0-9][\w.-]{0,59}$/;
const places = Object.keys({ domain: true, account: true, client: true } satisfies Record<Place, true>);
const hooks = Object.keys({
  messageIn: true,
  archiveIn: true,
  archived: true,
  processed: true,
  messageOut: true,
  presenceIn: true,
  presenceOut: true,
  accountOpen: true,
  accountClose: true,
  accountRemove: true,
  deserted: true,
  availability: true,
  sessionOpen: true,
  sessionClose: true,
  linkUp: true,
  linkDown: true,
} satisfies Record<keyof Hooks, true>);

const isFunction: Check = (value, path) => (typeof value === 'function' ? undefined : `${path} is not a function`);
const isText: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? undefined : `${path} is not a text`;
const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return first(value.entries(), ([i, one]) => check(one, `${path}[${i}]`));
  };
}

/** An object of these keys and no others. */
function shape(keys: Record<string, Check>, what = 'key'): Check {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    const inside = (name: string) => (path === '' ? name : `${path}.${name}`);
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(keys, name));
    if (unknown !== undefined) {
      const near = suggest(unknown, Object.keys(keys));
      const remedy = near === undefined ? `there are ${Object.keys(keys).join(', ')}` : `did you mean ${near}?`;
      return `${inside(unknown)}: there is no such ${what}; ${remedy}`;
    }
    return first(Object.entries(keys), ([name, check]) => check(value[name], inside(name)));
  };
}

/** Whatever a third party adds begins with `x-`. */
function own(check: Check): Check {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    return first(Object.entries(value), ([name, one]) => {
      if (!ownName.test(name))
        return `${path}: ${JSON.stringify(name)} is not one of yours; names begin with x-, as in x-acme.poll`;
      return check(one, `${path}["${name}"]`);
    });
  };
}

/** A JSON Schema of an object, or of anything. */
function schema(kind: 'object' | 'any'): Check {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not a JSON Schema; make it with Type, as in Type.Object({})`;
    if (kind === 'object' && value.type !== 'object')
      return `${path} is not the schema of an object; make it with Type.Object`;
    try {
      compile(value);
      return undefined;
    } catch (error) {
      return `${path} is no JSON Schema that can be used: ${String(error)}`;
    }
  };
}

const oneOf =
  (...values: string[]): Check =>
  (value, path) =>
    values.includes(String(value)) ? undefined : `${path} is not ${values.map((one) => `"${one}"`).join(' or ')}`;

const field = shape({
  schema: schema('any'),
  elements: listOf(isText),
  many: optional(() => undefined),
  content: optional(() => undefined),
  used: optional(isFunction),
  read: isFunction,
  write: isFunction,
});
const request = shape({
  data: schema('object'),
  result: optional(schema('any')),
  scope: optional(isText),
  handle: isFunction,
});
const event = shape({ data: schema('object'), class: oneOf('numbered', 'ephemeral') });
const query = shape({
  type: oneOf('get', 'set'),
  name: isText,
  xmlns: isText,
  places: listOf(oneOf(...places)),
  open: optional(() => undefined),
  handle: isFunction,
});
const each = (names: readonly string[], check: Check) =>
  Object.fromEntries(names.map((name) => [name, optional(check)]));
const notForYou: Check = (value, path) => (value === undefined ? undefined : `${path} is for the built-in extensions`);

const definition = shape({
  spec: shape({ name: isText, url: isText, version: optional(isText), title: optional(isText) }),
  also: optional(listOf(isObjectCheck)),
  answers: notForYou,
  features: optional(shape(each(places, listOf(isText)), 'place')),
  nodes: optional(isFunction),
  message: optional(own(field)),
  presence: optional(own(field)),
  typing: notForYou,
  actions: optional(listOf(isObjectCheck)),
  events: optional(own(event)),
  requests: optional(own(request)),
  iq: optional(listOf(query)),
  otherQuery: optional(isFunction),
  hooks: optional(shape(each(hooks, isFunction), 'hook')),
  takes: optional(isFunction),
  notices: optional(isFunction),
  serves: optional(isFunction),
  services: optional(isFunction),
  snapshots: notForYou,
} satisfies Record<keyof Extension, Check>);

function isObjectCheck(value: unknown, path: string): string | undefined {
  return isObject(value) ? undefined : `${path} is not an object`;
}

/** What is wrong with it beside those that are there already; undefined = nothing. */
export function checkExtension(value: unknown, others: readonly Extension[]): string | undefined {
  if (!isObject(value)) return 'the default export is not an extension; write "export default extension({ … })"';
  return definition(value, '') ?? clash(value as unknown as Extension, others);
}

/** What an extension calls its own: two with one name would answer for each other. */
const names: Record<string, (one: Extension) => Entries> = {
  request: ({ requests = {} }) => Object.entries(requests),
  event: ({ events = {} }) => Object.entries(events),
  'field of messages': ({ message = {} }) => Object.entries(message),
  'field of presence': ({ presence = {} }) => Object.entries(presence),
  'namespace of queries': ({ iq = [] }) => iq.map((handler) => [handler.xmlns, handler]),
};

function clash(one: Extension, others: readonly Extension[]): string | undefined {
  return first(Object.entries(names), ([what, of]) => {
    const taken = new Map(others.flatMap((other) => of(other).map(([name]) => [name, other.spec.name] as const)));
    const [name] = of(one).find(([name]) => taken.has(name)) ?? [];
    if (name === undefined) return undefined;
    return `the ${what} ${name} is taken by ${taken.get(name)}; choose another name, or take one of the two out of the list`;
  });
}

function first<T>(all: Iterable<T>, look: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = look(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

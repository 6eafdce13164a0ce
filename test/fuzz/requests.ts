/**
 * Frames that are right but for one field: for each field of each request, by the schemas that the gateway checks with. So
 * what comes in gets past the first check as often as not, and into the code behind.
 */
import { requests } from '../../src/protocol/frames.ts';
import type { Random } from '../support/random.ts';
import { hostileOf, hostileValue, type Json, someAddress, someText } from './hostile-values.ts';

/** As much of JSON Schema as the wire uses. */
interface Schema {
  type?: string;
  const?: Json;
  enum?: Json[];
  anyOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  required?: string[];
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
}

/** Where a value stands: names of fields, `*` for an entry of a list or a map. */
type Path = readonly string[];

export interface Target {
  readonly type: string;
  readonly path: Path;
  /** Of the field, as JSON Schema names it. */
  readonly kind: string | undefined;
}

/** What they do to the socket is looked at apart. */
const ending = new Set(['connect', 'session.end', 'auth.refresh']);
/** Answered by nothing when they are right. */
const unanswered = new Set(['pong', 'ack']);

const schemas: Record<string, Schema> = JSON.parse(
  JSON.stringify(Object.fromEntries(Object.entries(requests).map(([type, { data }]) => [type, data]))),
);
const types = Object.keys(schemas).filter((type) => !ending.has(type) && !unanswered.has(type));

/** Every field of every request that leaves the socket alone. */
export const targets: readonly Target[] = types.flatMap((type) =>
  pathsOf(schemas[type] ?? {}, {}, 4).map(({ path, kind }) => ({ type, path, kind })),
);

/** A request; `at` says which field is not what it should be, `undefined` = all are. */
export function makeRequest(random: Random, target: Target): { type: string; data: Json } {
  const { type, path, kind } = target;
  const data = valid(schemas[type] ?? {}, random, '', {}, 0);
  if (random.chance(0.2)) return { type, data };
  return { type, data: changed(data, path, random, kind) };
}

/** Those that may end the session, and frames that are none. */
export function makeOdd(random: Random): string {
  const type = random.one([...ending, ...unanswered, ...types]);
  const data = random.chance(0.5) ? valid(schemas[type] ?? {}, random, '', {}, 0) : hostileValue(random);
  const frames: (() => Json)[] = [
    () => ({ type, id: 'odd', data }),
    () => ({ type, id: hostileValue(random), data }),
    () => ({ type: hostileValue(random), id: 'odd', data }),
    () => ({ type: `${type}${random.text()}`, data }),
    () => hostileValue(random),
    () => random.list(0, 60, () => ({ type: 'ping', data: hostileValue(random) })),
    () => [hostileValue(random), { type, data }],
  ];
  const text = JSON.stringify(random.one(frames)());
  return random.chance(0.1) ? text.slice(0, random.below(text.length)) : text;
}

function resolve(schema: Schema, definitions: Record<string, Schema>): Schema {
  return schema.$ref === undefined ? schema : (definitions[schema.$ref] ?? {});
}

function pathsOf(schema: Schema, outer: Record<string, Schema>, depth: number): Omit<Target, 'type'>[] {
  const definitions = schema.$defs ?? outer;
  const { type: kind, properties = {}, patternProperties = {}, items, anyOf = [] } = resolve(schema, definitions);
  if (depth === 0) return [{ path: [], kind }];
  const inside = [
    ...Object.entries(properties),
    ...Object.values(patternProperties).map((one) => ['*', one] as const),
    ...(items ? [['*', items] as const] : []),
  ];
  return [
    { path: [], kind },
    ...inside.flatMap(([name, one]) =>
      pathsOf(one, definitions, depth - 1).map((rest) => ({ ...rest, path: [name, ...rest.path] })),
    ),
    ...anyOf.flatMap((one) => pathsOf(one, definitions, depth - 1)),
  ];
}

/** What a field of that name holds when all is well. */
const byName: Record<string, (random: Random) => Json> = {
  to: someAddress,
  jid: someAddress,
  room: (random) => random.one(['room1@rooms.example.com', 'room2@rooms.example.com', 'no@rooms.example.com']),
  chat: someAddress,
  service: (random) => random.one(['pubsub.example.com', 'example.com', 'rooms.example.com']),
  id: (random) => random.one(['m1', 'm2', 'm3', `m${random.below(1e9)}`]),
  iq: () => 'q1',
  lang: (random) => random.language(),
  time: () => '2026-01-02T03:04:05.678Z',
  start: () => '2026-01-01T00:00:00.000Z',
  idleSince: () => '2026-01-01T00:00:00.000Z',
  url: () => 'https://files.example.com/a.png',
  xmlns: (random) => random.one(['urn:example:a', 'jabber:iq:version', 'urn:xmpp:ping']),
  xml: (random) => `<message to='${someAddress(random)}' id='m1'><body>hi</body></message>`,
};

function valid(schema: Schema, random: Random, name: string, outer: Record<string, Schema>, depth: number): Json {
  const definitions = schema.$defs ?? outer;
  const rules = resolve(schema, definitions);
  if (rules.const !== undefined) return rules.const;
  if (rules.enum) return random.one(rules.enum);
  if (rules.anyOf) return valid(random.one(rules.anyOf), random, name, definitions, depth + 1);
  if (rules.type === 'string') return (byName[name] ?? someText)(random);
  if (rules.type === 'integer') return Math.max(rules.minimum ?? 0, random.below(Math.min(rules.maximum ?? 100, 100)));
  if (rules.type === 'boolean') return random.chance(0.5);
  if (rules.type === 'array') {
    const { items = {}, minItems = 0 } = rules;
    return random.list(minItems, minItems + (depth > 3 ? 0 : 2), () =>
      valid(items, random, name, definitions, depth + 1),
    );
  }
  if (rules.type !== 'object') return hostileValue(random);
  const all = Object.entries(rules.properties ?? {});
  const chosen = all.filter(([key]) => rules.required?.includes(key) || random.chance(depth > 3 ? 0 : 0.35));
  const map = Object.values(rules.patternProperties ?? {}).flatMap((one) =>
    random.list(0, 2, () => [random.language(), one] as const),
  );
  return Object.fromEntries(
    [...chosen, ...map].map(([key, one]) => [key, valid(one, random, key, definitions, depth + 1)] as const),
  );
}

/** The same with something else at that place; sometimes nothing, sometimes more. */
function changed(value: Json, path: Path, random: Random, kind: string | undefined): Json {
  const [name, ...rest] = path;
  if (name === undefined) return random.chance(0.6) ? hostileOf(random, kind) : hostileValue(random);
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    return [
      ...value.slice(0, at),
      changed(value[at] ?? {}, name === '*' ? rest : path, random, kind),
      ...value.slice(at + 1),
    ];
  }
  if (typeof value !== 'object' || value === null) return changed({}, path, random, kind);
  const key = name === '*' ? (Object.keys(value)[0] ?? random.text()) : name;
  if (rest.length === 0 && random.chance(0.05)) {
    const { [key]: _, ...others } = value;
    return others;
  }
  return { ...value, [key]: changed(value[key] ?? {}, rest, random, kind) };
}

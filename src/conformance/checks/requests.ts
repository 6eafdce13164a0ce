/** §10: each request refuses what is wrong with it. The wrong calls are made from the schemas: none can be forgotten. */
import { type RequestType, requests } from '../../protocol/frames.ts';
import { isObject } from '../../protocol/parse.ts';
import { type Check, same } from '../check.ts';
import type { Lab } from '../lab.ts';

/** Answered otherwise: by `ready`, or not at all. */
const others: readonly string[] = ['connect', 'pong', 'ack', 'auth.refresh'];

export const wrongCalls: Check[] = Object.keys(requests)
  .filter((type) => !others.includes(type))
  .map((type) => ({
    id: `requests.${type}`,
    section: 10,
    says: `${type} refuses wrong data, and names the field`,
    needs: scopeOf(type) === 'raw' ? ['raw' as const] : [],
    run: (lab: Lab) => refuses(lab, type),
  }));

async function refuses(lab: Lab, type: string): Promise<void> {
  // By turns: how often an account may connect has its limit.
  const accounts = scopeOf(type) === 'raw' ? (['a'] as const) : lab.accounts;
  const session = await lab.connect(accounts[type.length % accounts.length]);
  for (const { data, field } of wrongData(schemaOf(type))) {
    const error = await session.refused(type, data, 'bad-request');
    same(error.field, field, `the field that is named for ${JSON.stringify(data)}`);
  }
}

/** Data with one thing wrong: what is required is missing, a field has the wrong type, it is no object at all. */
export function wrongData(schema: Schema): { data: unknown; field: string }[] {
  const { required = [], properties = {} } = schema;
  const [missing] = required;
  const absent = missing === undefined ? [] : [{ data: {}, field: missing }];
  const right = Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] ?? {})]));
  const typed = Object.entries(properties).find(([, one]) => one.type !== undefined || one.enum !== undefined);
  const mistyped = typed
    ? [{ data: { ...right, [typed[0]]: typed[1].type === 'object' ? 7 : { a: 1 } }, field: typed[0] }]
    : [];
  return [...absent, ...mistyped, { data: 'text', field: 'data' }];
}

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** As JSON it is what others would read. */
function schemaOf(type: string): Schema {
  const schema: Schema = JSON.parse(JSON.stringify(requests[type as RequestType].data));
  return schema;
}

function scopeOf(type: string): string | undefined {
  const request = requests[type as RequestType];
  return 'scope' in request ? request.scope : undefined;
}

/** Something that the schema takes, as far as the wrong field beside it needs that. */
function exampleOf({ $ref, $defs, type, enum: values, required = [], properties = {} }: Schema): unknown {
  if ($ref !== undefined) return exampleOf($defs?.[$ref] ?? {});
  if (values) return values[0];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [];
  if (type !== 'object') return 'x';
  return Object.fromEntries(
    required.map((name) => [name, exampleOf(isObject(properties[name]) ? properties[name] : {})]),
  );
}

/** The wire's schemas as strict as an example has to be: a key that none of them knows is a mistake of the page. */
import { Errors } from 'typebox/schema';
import { isObject } from '../../src/protocol/parse.ts';

/** What is wrong with the data, unknown keys included. Keys that begin with `x-` are others' own. */
export function mistakes(schema: object, data: unknown): string[] {
  const strict = closed(schema);
  if (!isObject(strict)) throw new Error('a schema is an object');
  const [, errors] = Errors(strict, data);
  return errors.map(({ instancePath, message }) => `${instancePath || 'data'} ${message}`);
}

/** A copy in which an object has no keys but those that are listed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const open = schema.type !== 'object' || !isObject(schema.properties) || 'patternProperties' in schema;
  return open ? inner : { ...inner, additionalProperties: false, patternProperties: { '^x-': {} } };
}

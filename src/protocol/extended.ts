/** The wire's schemas with the fields of third parties, which begin with `x-` (PROTOCOL.md §2). */
import Type, { type TObject, type TSchema } from 'typebox';

/** The same object with more fields, none of them required. */
export function withFields(schema: TObject, fields: Readonly<Record<string, TSchema>>): TObject {
  if (Object.keys(fields).length === 0) return schema;
  const more = Object.entries(fields).map(([name, one]) => [name, Type.Optional(one)] as const);
  return Type.Object({ ...schema.properties, ...Object.fromEntries(more) });
}

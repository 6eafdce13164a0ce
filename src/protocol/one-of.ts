/** A string that is one of a list, as a schema. */
import Type from 'typebox';

export const oneOf = <const T extends readonly string[]>(values: T, doc?: string) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], doc ? { description: doc } : {}));

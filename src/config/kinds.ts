/** The kinds of configuration keys: how each is written, checked and described. */
import Type from 'typebox';

/** Answers the secret that is in force: after a reload, the new one. */
export type Secret = () => string;

/** How a key is written, in the file and in the environment. */
export type Kind = 'text' | 'integer' | 'flag' | 'list' | 'duration' | 'size' | 'secret' | 'file';

/** What a key says about itself beside its JSON Schema. */
export interface KeyNotes {
  kind: Kind;
  description: string;
  /** As it is written in the file; a key without one is required, optional, or follows from others (`otherwise`). */
  default?: string | number | boolean | string[];
  /** What holds when the key is absent and has no default. */
  otherwise?: string;
  /** A value for config.example.yaml. */
  example?: string | string[];
  /** What a right value looks like, for the remedy in an error. */
  write?: string;
  /** Takes effect at a reload: whoever uses it reads it from the tree each time (live.ts). Otherwise at a start only. */
  reload?: true;
}

type Notes = Omit<KeyNotes, 'kind'>;

export const optional = Type.Optional;
export const text = (notes: Notes & { pattern?: string }) => Type.String({ minLength: 1, ...notes, kind: 'text' });
export const choice = (values: string[], notes: Notes) =>
  Type.String({ ...oneOfThese(values), ...notes, kind: 'text' });
export const choices = (values: string[], notes: Notes, minItems = 1) =>
  Type.Array(Type.String(oneOfThese(values)), {
    minItems,
    ...notes,
    kind: 'list',
    write: `a list of ${values.join(', ')}`,
  });
/** Of any text. */
export const list = (notes: Notes) => Type.Array(Type.String({ minLength: 1 }), { ...notes, kind: 'list' });
export const flag = (notes: Notes) => Type.Boolean({ ...notes, kind: 'flag' });
export const integer = (minimum: number, maximum: number, notes: Notes) =>
  Type.Integer({ minimum, maximum, ...notes, kind: 'integer' });
export const duration = (minimum: number, maximum: number, notes: Notes) =>
  Type.Integer({ minimum, maximum, ...notes, kind: 'duration' });
export const size = (minimum: number, maximum: number, notes: Notes) =>
  Type.Integer({ minimum, maximum, ...notes, kind: 'size' });
export const secret = (notes: Notes) => Type.Unsafe<Secret>({ ...notes, kind: 'secret' } satisfies KeyNotes);
export const port = (notes: Notes) => integer(0, 65_535, notes);

function oneOfThese(values: string[]) {
  return { pattern: `^(?:${values.join('|')})$`, write: `one of ${values.join(', ')}` };
}

/** The schema as a list of keys with their names in the file and in the environment. */
import Type, { type TObject, type TSchema } from 'typebox';
import { ConfigSchema, type KeyNotes } from './schema.ts';

/** One key of the file. */
export interface Key extends KeyNotes {
  /** `sessions.resumeWindow` */
  key: string;
  path: readonly string[];
  /** `STANZAWIRE_SESSIONS_RESUME_WINDOW` */
  env: string;
  schema: TSchema;
}

export interface Section {
  key: string;
  description: string;
  sections: Section[];
  keys: Key[];
}

/** `sessions.resumeWindow` → `STANZAWIRE_SESSIONS_RESUME_WINDOW` */
export function envName(path: readonly string[]): string {
  return ['stanzawire', ...path.map((part) => part.replace(/[A-Z]/g, '_$&'))].join('_').toUpperCase();
}

/** The tree of sections; every secret brings a second key, `…File`. */
export function sections(schema: TObject = ConfigSchema, path: readonly string[] = []): Section {
  const result: Section = { key: path.join('.'), description: describe(schema), sections: [], keys: [] };
  for (const [name, child] of Object.entries(schema.properties)) {
    const here = [...path, name];
    if (Type.IsObject(child)) result.sections.push(sections(child, here));
    else if (hasNotes(child)) result.keys.push(...keysOf(child, here));
  }
  return result;
}

/** Every key, in the file's order. */
export function allKeys(from: Section = sections()): Key[] {
  return [...from.keys, ...from.sections.flatMap(allKeys)];
}

function keysOf(schema: TSchema & KeyNotes, path: readonly string[]): Key[] {
  const { kind, description, default: fallback, otherwise, example, write, reload } = schema;
  const key: Key = {
    key: path.join('.'),
    path,
    env: envName(path),
    schema,
    kind,
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(example === undefined ? {} : { example }),
    ...(write === undefined ? {} : { write }),
    ...(reload ? { reload } : {}),
  };
  return kind === 'secret' ? [key, fileOf(key)] : [key];
}

/** A secret may be in a file instead. */
function fileOf({ key, path, example, reload }: Key): Key {
  const filePath = [...path.slice(0, -1), `${path.at(-1)}File`];
  return {
    key: filePath.join('.'),
    path: filePath,
    env: envName(filePath),
    schema: Type.String({ minLength: 1 }),
    kind: 'file',
    description: `A file that holds \`${key}\`, in its place; read again when it changes.`,
    example: example ?? `/run/secrets/stanzawire/${path.at(-2)}-secret`,
    ...(reload ? { reload } : {}),
  };
}

function describe(schema: TSchema): string {
  return 'description' in schema && typeof schema.description === 'string' ? schema.description : '';
}

function hasNotes(schema: TSchema): schema is TSchema & KeyNotes {
  return 'kind' in schema;
}

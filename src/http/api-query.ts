/** The query of an address as its schema has it: numbers and yes or no are text there. */
import type { Operation } from '../protocol/api.ts';

/** What does not read as what the schema wants stays text, which the schema then refuses. */
export function readQuery(schema: Operation['query'], query: unknown): Record<string, unknown> {
  const given: Record<string, unknown> = { ...Object(query) };
  for (const [name, { type }] of Object.entries<{ type?: unknown }>(schema?.properties ?? {})) {
    const text = given[name];
    if (type === 'integer' && typeof text === 'string' && /^\d{1,15}$/.test(text)) given[name] = Number(text);
    if (type === 'boolean' && (text === 'true' || text === 'false')) given[name] = text === 'true';
  }
  return given;
}

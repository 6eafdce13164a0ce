/**
 * The fields of one JSON object, found by the elements they read: only the fields whose elements a stanza has are read, so
 * that its cost is that of the stanza, not of the list of extensions.
 */
import type { Field, Fields, Nested } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Message } from '../protocol/objects.ts';
import { type Element, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';

type AnyField = Field<unknown>;

export class FieldTable<O extends object> {
  readonly #fields: [property: string, field: AnyField][] = [];
  readonly #byElement = new Map<string, number[]>();
  /** Fields that read the stanza itself. */
  readonly #always: number[] = [];

  add(fields: Fields<O> | undefined): void {
    for (const [property, value] of Object.entries(fields ?? {})) {
      const field = value as AnyField;
      const index = this.#fields.push([property, field]) - 1;
      if (field.elements.length === 0) this.#always.push(index);
      for (const key of field.elements) this.#byElement.set(key, [...(this.#byElement.get(key) ?? []), index]);
    }
  }

  /** Every field's value, and whether one of them is content. */
  read(stanza: Element, nested?: Nested): { object: Partial<O>; content: boolean } {
    const object: Record<string, unknown> = {};
    let content = false;
    /** Fields that have made no sense of the stanza: asked once, however many of their elements it has. */
    let senseless: Set<number> | undefined;
    const one = (index: number): void => {
      const entry = this.#fields[index];
      if (!entry) return;
      const [property, field] = entry;
      if (object[property] !== undefined || senseless?.has(index)) return;
      const value = field.read(stanza, nested);
      if (value === undefined) {
        senseless ??= new Set();
        senseless.add(index);
        return;
      }
      object[property] = value;
      content ||= field.content === true;
    };
    for (const index of this.#always) one(index);
    for (const child of stanza.children) {
      if (typeof child !== 'string') this.#byElement.get(keyOf(child))?.forEach(one);
    }
    return { object: object as Partial<O>, content };
  }

  write(stanza: Element, object: Partial<O>, nested?: Nested): void {
    const values = object as Record<string, unknown>;
    for (const [property, field] of this.#fields) {
      const value = values[property];
      if (value !== undefined) field.write(stanza, value, nested);
    }
  }

  /** The children that are in no field's value: unknown, senseless, or one too many. */
  unread(stanza: Element, nested?: Nested): Element[] {
    const byField = new Map<number, Element[]>();
    for (const child of elements(stanza)) {
      for (const index of this.#byElement.get(keyOf(child)) ?? []) {
        const known = byField.get(index);
        if (known) known.push(child);
        else byField.set(index, [child]);
      }
    }
    const read = new Set<Element>();
    for (const [index, children] of byField) {
      const field = this.#fields[index]?.[1];
      for (const child of field ? usedBy(field, stanza, children, nested) : []) read.add(child);
    }
    return elements(stanza).filter((child) => !read.has(child));
  }
}

function usedBy(field: AnyField, stanza: Element, children: Element[], nested?: Nested): readonly Element[] {
  if (field.used) return field.used(stanza, nested);
  if (field.read(stanza, nested) === undefined) return [];
  return field.many ? children : children.slice(0, 1);
}

/** How a message's fields read and write messages inside of it: one level deep. */
export function nestedIn(table: FieldTable<Message>): Nested {
  return {
    read: (message) => table.read(message).object,
    write: (message, value) => table.write(message, value),
    isWhole: (message) => table.unread(message).length === 0,
  };
}

function keyOf(child: Element): string {
  return elementKey(nameOf(child), namespaceOf(child));
}

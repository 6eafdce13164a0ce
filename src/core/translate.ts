/**
 * Stanza ↔ JSON by the extensions' fields. Only the fields whose elements a stanza has are read, so its cost is that of
 * the stanza, not of the list of extensions. One stanza is one event (PROTOCOL.md §11).
 */
import type { Extension, Field, Fields } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { ElementTree } from '../protocol/errors.ts';
import type { Event, EventData } from '../protocol/frames.ts';
import type { Message, Presence } from '../protocol/objects.ts';
import { type Element, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { tryTree } from '../xmpp/tree.ts';

type AnyField = Field<unknown>;

/** The fields of one JSON object, found by the elements they read. */
class FieldTable<O extends object> {
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
  read(stanza: Element): { object: Partial<O>; content: boolean } {
    const object: Record<string, unknown> = {};
    let content = false;
    const one = (index: number): void => {
      const entry = this.#fields[index];
      if (!entry) return;
      const [property, field] = entry;
      if (object[property] !== undefined) return;
      const value = field.read(stanza);
      if (value === undefined) return;
      object[property] = value;
      content ||= field.content === true;
    };
    for (const index of this.#always) one(index);
    for (const child of stanza.children) {
      if (typeof child !== 'string') this.#byElement.get(keyOf(child))?.forEach(one);
    }
    return { object: object as Partial<O>, content };
  }

  write(stanza: Element, object: Partial<O>): void {
    const values = object as Record<string, unknown>;
    for (const [property, field] of this.#fields) {
      const value = values[property];
      if (value !== undefined) field.write(stanza, value);
    }
  }

  /** The children that are in no field's value: unknown, senseless, or one too many. */
  unread(stanza: Element): Element[] {
    const byField = new Map<number, Element[]>();
    for (const child of elements(stanza)) {
      for (const index of this.#byElement.get(keyOf(child)) ?? []) {
        byField.set(index, [...(byField.get(index) ?? []), child]);
      }
    }
    const read = new Set<Element>();
    for (const [index, children] of byField) {
      const field = this.#fields[index]?.[1];
      if (field?.read(stanza) === undefined) continue;
      for (const child of field.many ? children : children.slice(0, 1)) read.add(child);
    }
    return elements(stanza).filter((child) => !read.has(child));
  }
}

function keyOf(child: Element): string {
  return elementKey(nameOf(child), namespaceOf(child));
}

export class Translator {
  readonly #message = new FieldTable<Message>();
  readonly #presence = new FieldTable<Presence>();
  readonly #typing = new FieldTable<EventData<'typing'>>();
  readonly #tables: { readonly [T in Event['type']]?: { unread(stanza: Element): Element[] } } = {
    message: this.#message,
    'message.edited': this.#message,
    presence: this.#presence,
    typing: this.#typing,
  };

  constructor(extensions: readonly Extension[]) {
    for (const one of extensions) {
      this.#message.add(one.message);
      this.#presence.add(one.presence);
      this.#typing.add(one.typing);
    }
  }

  /** A message's fields; `content` tells whether it is one to show. */
  message(stanza: Element): { object: Partial<Message>; content: boolean } {
    return this.#message.read(stanza);
  }

  readMessage(stanza: Element): Partial<Message> {
    return this.#message.read(stanza).object;
  }

  writeMessage(stanza: Element, message: Partial<Message>): void {
    this.#message.write(stanza, message);
  }

  readTyping(stanza: Element): Partial<EventData<'typing'>> {
    return this.#typing.read(stanza).object;
  }

  writeTyping(stanza: Element, typing: Partial<EventData<'typing'>>): void {
    this.#typing.write(stanza, typing);
  }

  readPresence(stanza: Element): Partial<Presence> {
    return this.#presence.read(stanza).object;
  }

  writePresence(stanza: Element, presence: Partial<Presence>): void {
    this.#presence.write(stanza, presence);
  }

  /** What an event of that type does not show of its stanza, for sessions with `raw: "extra"`. */
  extra(stanza: Element, type: Event['type']): ElementTree[] {
    return this.#tables[type]?.unread(stanza).flatMap((child) => tryTree(child) ?? []) ?? [];
  }
}

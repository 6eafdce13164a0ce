/** Stanza ↔ JSON by the extensions' fields. One stanza is one event (PROTOCOL.md §11). */
import type { AnyEvent, Extension, Nested } from '../extension.ts';
import type { ElementTree } from '../protocol/errors.ts';
import { type EventClass, type EventData, type EventType, events } from '../protocol/frames.ts';
import type { Message, Presence } from '../protocol/objects.ts';
import type { Element } from '../xmpp/stanza.ts';
import { tryTree } from '../xmpp/tree.ts';
import { FieldTable, nestedIn } from './field-table.ts';

export class Translator {
  readonly #message = new FieldTable<Message>();
  readonly #nested: Nested = nestedIn(this.#message);
  readonly #presence = new FieldTable<Presence>();
  readonly #typing = new FieldTable<EventData<'typing'>>();
  readonly #ownEvents = new Map<string, EventClass>();
  readonly #tables: { readonly [type: string]: { unread(stanza: Element, nested?: Nested): Element[] } } = {
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
      for (const [type, event] of Object.entries(one.events ?? {})) this.#ownEvents.set(type, event.class);
    }
  }

  /** How an event is treated; one that nobody has declared is a bug. */
  eventClass(type: AnyEvent['type']): EventClass {
    const found = isOfProtocol(type) ? events[type].class : this.#ownEvents.get(type);
    if (found === undefined) throw new Error(`No extension declares the event ${type}`);
    return found;
  }

  /** A message's fields; `content` tells whether it is one to show. */
  message(stanza: Element): { object: Partial<Message>; content: boolean } {
    return this.#message.read(stanza, this.#nested);
  }

  readMessage(stanza: Element): Partial<Message> {
    return this.#message.read(stanza, this.#nested).object;
  }

  writeMessage(stanza: Element, message: Partial<Message>): void {
    this.#message.write(stanza, message, this.#nested);
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
  extra(stanza: Element, type: AnyEvent['type']): ElementTree[] {
    return this.#tables[type]?.unread(stanza, this.#nested).flatMap((child) => tryTree(child) ?? []) ?? [];
  }
}

function isOfProtocol(type: string): type is EventType {
  return Object.hasOwn(events, type);
}

/** A vCard's values, as both of its XML forms write and read them (XEP-0054, XEP-0292). */
import type { VCard } from '../../protocol/profile.ts';
import { detach } from '../../xmpp/stanza.ts';

const maxLine = 1023;
const maxNote = 4095;
const maxItems = 16;

type Lines = 'email' | 'tel' | 'url';

/** What is read is a stranger's: cut to what the schema allows, empty values left out. */
export class VCardDraft {
  readonly #card: { -readonly [K in keyof VCard]: VCard[K] } = {};

  /** The first one counts. */
  line(name: Exclude<keyof VCard, Lines>, text: string | undefined): void {
    const value = cut(text, name === 'note' ? maxNote : maxLine);
    if (value !== undefined) this.#card[name] ??= value;
  }

  add(name: Lines, text: string | undefined): void {
    const value = cut(text, maxLine);
    const list = this.#card[name] ?? [];
    if (value === undefined || list.length >= maxItems || list.includes(value)) return;
    this.#card[name] = [...list, value];
  }

  /** Undefined where it says nothing. */
  done(): VCard | undefined {
    return Object.keys(this.#card).length === 0 ? undefined : this.#card;
  }
}

function cut(text: string | undefined, max: number): string | undefined {
  const value = text?.trim().slice(0, max).toWellFormed();
  return value ? detach(value) : undefined;
}

/** What a client sets, without empty values; undefined where nothing is left. */
export function withoutEmpty(card: VCard): VCard | undefined {
  const entries = Object.entries(card).filter(([, value]) => value.length > 0);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as VCard);
}

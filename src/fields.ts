/**
 * The field combinators: each makes a Field, one JSON property ↔ the XML it stands for, both directions.
 */
import type { Field } from './extension.ts';
import { append, type Element, el, elements, find, nameOf, namespaceOf, childText as readText } from './xmpp/stanza.ts';

/** How a Field names the child elements it reads. */
export function elementKey(name: string, xmlns: string): string {
  return `${xmlns} ${name}`;
}

/** An attribute of the stanza itself. */
export function attribute(name: string): Field<string> {
  return {
    elements: [],
    read: (stanza) => stanza.attrs[name] || undefined,
    write: (stanza, value) => {
      stanza.attrs[name] = value;
    },
  };
}

/** The text of a child: `<name xmlns>text</name>`. */
export function childText(name: string, xmlns: string, options: { content?: boolean } = {}): Field<string> {
  return {
    elements: [elementKey(name, xmlns)],
    ...options,
    read: (stanza) => readText(stanza, name, xmlns),
    write: (stanza, value) => append(stanza, el(name, own(xmlns), value)),
  };
}

/** An attribute of a child: `<name xmlns attr="value"/>`. */
export function childAttribute(name: string, xmlns: string, attr: string): Field<string> {
  return {
    elements: [elementKey(name, xmlns)],
    read: (stanza) => find(stanza, name, xmlns)?.attrs[attr] || undefined,
    write: (stanza, value) => append(stanza, el(name, { ...own(xmlns), [attr]: value })),
  };
}

/** A child that is there or not: `<name xmlns/>`. */
export function flag(name: string, xmlns: string): Field<boolean> {
  return {
    elements: [elementKey(name, xmlns)],
    read: (stanza) => (find(stanza, name, xmlns) ? true : undefined),
    write: (stanza, value) => {
      if (value) append(stanza, el(name, own(xmlns)));
    },
  };
}

/** A child whose name is the value: `<composing xmlns/>`. */
export function childEnum<T extends string>(xmlns: string, names: readonly T[]): Field<T> {
  return {
    elements: names.map((name) => elementKey(name, xmlns)),
    read: (stanza) => {
      for (const child of elements(stanza)) {
        if (namespaceOf(child) !== xmlns) continue;
        const name = names.find((one) => one === nameOf(child));
        if (name !== undefined) return name;
      }
      return undefined;
    },
    write: (stanza, value) => append(stanza, el(value, own(xmlns))),
  };
}

/** A field made by hand, for what no combinator says. */
export function custom<T>(
  keys: readonly (readonly [name: string, xmlns: string])[],
  read: (stanza: Element) => T | undefined,
  write: (stanza: Element, value: T) => void,
): Field<T> {
  return { elements: keys.map(([name, xmlns]) => elementKey(name, xmlns)), read, write };
}

function own(xmlns: string): { xmlns?: string } {
  return xmlns === '' ? {} : { xmlns };
}

/**
 * The XML side's elements: building, reading, and the one serialiser. The serialiser is also the guard of the shared
 * stream: what it returns is well-formed XML 1.0, at most `maxDepth` deep — one malformed byte would end the stream
 * for every account (Prosody and ejabberd alike).
 */
import xmpp from '@xmpp/component';
import { StanzaError } from '../protocol/errors.ts';
import { isXmlText } from '../protocol/text.ts';
import type { Element } from './element.ts';
import { ns } from './namespaces.ts';
import { isAttributeName, isElementName, isNamespace } from './xml-chars.ts';

export type { Element } from './element.ts';
export type Child = Element | string | undefined;

/** Both servers take 64 levels; ejabberd crashes at some 4,000. */
export const maxDepth = 64;

/** A new element; undefined attributes and children are left out. */
export function el(name: string, attrs: Record<string, string | undefined> = {}, ...children: Child[]): Element {
  const element = new xmpp.xml.Element(name);
  for (const key in attrs) {
    const value = attrs[key];
    if (value !== undefined) element.attrs[key] = value;
  }
  for (const child of children) if (child !== undefined) append(element, child);
  return element;
}

export function append(parent: Element, child: Element | string): void {
  if (typeof child !== 'string') child.parent = parent;
  parent.children.push(child);
}

/** The local name, without prefix. */
export function nameOf(element: Element): string {
  const colon = element.name.indexOf(':');
  return colon < 0 ? element.name : element.name.slice(colon + 1);
}

/** The namespace; '' for the stanza's own (`jabber:component:accept`, `jabber:client`, or none declared). */
export function namespaceOf(element: Element): string {
  const own = element.name.includes(':') ? undefined : element.attrs.xmlns;
  const found = own ?? element.getNS() ?? '';
  return found === ns.component || found === ns.client ? '' : found;
}

export function elements(parent: Element): Element[] {
  return parent.children.filter((child) => typeof child !== 'string');
}

/** The first child element with that name and namespace ('' = the stanza's own). */
export function find(parent: Element, name: string, xmlns: string): Element | undefined {
  for (const child of parent.children) {
    if (typeof child !== 'string' && nameOf(child) === name && namespaceOf(child) === xmlns) return child;
  }
  return undefined;
}

/** The text directly inside of an element. */
export function textOf(element: Element): string {
  let text = '';
  for (const child of element.children) if (typeof child === 'string') text += child;
  return text;
}

/** The text of a child element; undefined where there is no such child. */
export function childText(parent: Element, name: string, xmlns: string): string | undefined {
  const child = find(parent, name, xmlns);
  return child && textOf(child);
}

/**
 * A string that keeps nothing else alive. A string cut from a chunk of the stream pins the whole chunk
 * (some 64 KiB), so what outlives its stanza — a JID in a table, say — is copied.
 */
export function detach(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/**
 * An element as XML text.
 * @throws StanzaError bad-request: an invalid name, a forbidden character, or deeper than `maxDepth`.
 */
export function serialize(element: Element): string {
  const text = write(element, 1);
  if (!isXmlText(text)) throw new StanzaError('bad-request', 'The stanza has a character that XML 1.0 forbids');
  return text;
}

function write(element: Element, depth: number): string {
  if (depth > maxDepth) throw new StanzaError('bad-request', `The stanza is nested deeper than ${maxDepth} levels`);
  const { name, attrs, children } = element;
  if (!isElementName(name)) throw notAllowed('element name', name);
  let text = `<${name}`;
  for (const key in attrs) {
    const value = attrs[key];
    if (value === undefined || value === null) continue;
    if (!isAttributeName(key)) throw notAllowed('attribute name', key);
    if (key === 'xmlns' && !isNamespace(value)) throw notAllowed('namespace', value);
    text += ` ${key}="${escapeAttribute(String(value))}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += '>';
  for (const child of children) text += typeof child === 'string' ? escapeText(child) : write(child, depth + 1);
  return `${text}</${name}>`;
}

function notAllowed(what: string, value: string): StanzaError {
  return new StanzaError('bad-request', `XML does not allow this ${what}: ${value.slice(0, 64)}`);
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // XML 1.0 §2.11 and §3.3.3: a parser would turn these into other white space
  '\r': '&#xD;',
  '\n': '&#xA;',
  '\t': '&#x9;',
};
const escapeOne = (char: string): string => escapes[char] ?? char;

function escapeText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, escapeOne) : text;
}

function escapeAttribute(text: string): string {
  return /[&<>"\r\n\t]/.test(text) ? text.replace(/[&<>"\r\n\t]/g, escapeOne) : text;
}

/** Elements that a scripted room is made of. */
import { createHash } from 'node:crypto';
import { ns } from '../../../src/xmpp/namespaces.ts';
import { type Child, type Element, el, elements, find, textOf } from '../../../src/xmpp/stanza.ts';

export type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast';
export type Role = 'moderator' | 'participant' | 'visitor' | 'none';

export interface ItemParts {
  affiliation?: string;
  role?: string;
  jid?: string;
  nick?: string;
  reason?: string;
  actor?: string;
}

/** XEP-0045: what stands in `<x/>` of a room's presence. */
export function userX(item: ItemParts | undefined, codes: readonly number[], ...more: Child[]): Element {
  return el('x', { xmlns: ns.mucUser }, item && itemOf(item), ...codes.map(status), ...more);
}

export function itemOf({ reason, actor, ...attrs }: ItemParts): Element {
  const by = actor === undefined ? undefined : el('actor', { nick: actor });
  return el('item', { ...attrs }, by, reason === undefined ? undefined : el('reason', {}, reason));
}

export function status(code: number): Element {
  return el('status', { code: String(code) });
}

/** The answer to a stanza that failed; `from` is where it was sent. */
export function errorTo(stanza: Element, type: string, condition: string, text?: string): Element {
  const { id, from, to } = stanza.attrs;
  const xmlns = ns.stanzaErrors;
  const said = text === undefined ? undefined : el('text', { xmlns }, text);
  return el(
    stanza.name,
    { type: 'error', id, from: to, to: from },
    el('error', { type }, el(condition, { xmlns }), said),
  );
}

export function resultTo(iq: Element, ...payload: Child[]): Element {
  return el('iq', { type: 'result', id: iq.attrs.id, from: iq.attrs.to, to: iq.attrs.from }, ...payload);
}

/** XEP-0421: the same for one account in one room, and nowhere else. */
export function occupantId(room: string, bareJid: string): Element {
  const id = createHash('sha256').update(`${room} ${bareJid}`).digest('hex').slice(0, 24);
  return el('occupant-id', { xmlns: ns.occupantId, id });
}

export function delay(time: Date, from?: string): Element {
  return el('delay', { xmlns: ns.delay, from, stamp: time.toISOString() });
}

/** The values of a submitted form, the first of each field. */
export function valuesOf(form: Element | undefined): Map<string, string> {
  const fields = form ? elements(form).filter(({ name }) => name === 'field') : [];
  return new Map(fields.map((field) => [field.attrs.var ?? '', firstValue(field)]));
}

function firstValue(field: Element): string {
  const value = elements(field).find(({ name }) => name === 'value');
  return value ? textOf(value) : '';
}

export function form(type: 'form' | 'result', formType: string, values: Record<string, string>): Element {
  const field = (name: string, value: string, kind?: string): Element =>
    el('field', { var: name, type: kind }, el('value', {}, value));
  const fields = Object.entries(values).map(([name, value]) => field(name, value));
  return el('x', { xmlns: ns.dataForms, type }, field('FORM_TYPE', formType, 'hidden'), ...fields);
}

export const hasChild = (stanza: Element, name: string, xmlns: string): boolean =>
  find(stanza, name, xmlns) !== undefined;
export const bareOf = (jid = ''): string => jid.split('/')[0] ?? '';
export const resourceOf = (jid = ''): string => (jid.includes('/') ? jid.slice(jid.indexOf('/') + 1) : '');
export const domainOf = (jid = ''): string => bareOf(jid).slice(bareOf(jid).indexOf('@') + 1);

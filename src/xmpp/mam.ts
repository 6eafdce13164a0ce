/**
 * XEP-0313 Message Archive Management 1.1.3, the asking side: the query for a page of an archive, the results that come
 * before its answer, and the answer.
 */
import { ns } from './namespaces.ts';
import { type PageInfo, type PageQuery, pageInfo, pageQuery } from './rsm.ts';
import { detach, type Element, el, find } from './stanza.ts';

/** Which items; times are epoch ms, inclusive. `ids` needs `urn:xmpp:mam:2#extended`, `text` XEP-0431. */
export interface ArchiveFilter {
  readonly start?: number;
  readonly end?: number;
  readonly ids?: readonly string[];
  readonly text?: string;
}

export function archiveQuery(queryId: string, filter: ArchiveFilter, page: PageQuery): Element {
  const { start, end, ids = [], text } = filter;
  const fields = [
    start === undefined ? undefined : field('start', [new Date(start).toISOString()]),
    end === undefined ? undefined : field('end', [new Date(end).toISOString()]),
    ids.length === 0 ? undefined : field('ids', ids),
    text === undefined ? undefined : field(`{${ns.fullText}}fulltext`, [text]),
  ].filter((one) => one !== undefined);
  const form =
    fields.length === 0
      ? undefined
      : el('x', { xmlns: ns.dataForms, type: 'submit' }, field('FORM_TYPE', [ns.mam], 'hidden'), ...fields);
  return el('query', { xmlns: ns.mam, queryid: queryId }, form, pageQuery(page));
}

function field(name: string, values: readonly string[], type?: string): Element {
  return el('field', { var: name, type }, ...values.map((value) => el('value', {}, value)));
}

/** An item of an archive: its id there, the message as it was, when it was archived. */
export interface Archived {
  readonly id: string;
  readonly stanza: Element;
  /** Of the delay beside the message, as it stands there. */
  readonly stamp: string | undefined;
}

/** A result in a message, and which query it says it belongs to; undefined where the message carries none. */
export function archivedIn(message: Element): { queryId: string; item: Archived | undefined } | undefined {
  const result = find(message, 'result', ns.mam);
  if (!result) return undefined;
  const { queryid: queryId = '', id = '' } = result.attrs;
  const forwarded = find(result, 'forwarded', ns.forward);
  const stanza = forwarded && (find(forwarded, 'message', ns.client) ?? find(forwarded, 'message', ''));
  if (!stanza || id === '') return { queryId, item: undefined };
  return { queryId, item: { id: detach(id), stanza, stamp: find(forwarded, 'delay', ns.delay)?.attrs.stamp } };
}

/** What the answer to a query says: §4.3.2: `complete` = there is nothing more in that direction. */
export function archiveAnswer(iq: Element): PageInfo & { readonly complete: boolean } {
  const fin = find(iq, 'fin', ns.mam);
  const { first, last, ...info } = (fin && pageInfo(fin)) ?? {};
  return {
    ...info,
    ...(first === undefined ? {} : { first: detach(first) }),
    ...(last === undefined ? {} : { last: detach(last) }),
    complete: fin?.attrs.complete === 'true' || fin?.attrs.complete === '1',
  };
}

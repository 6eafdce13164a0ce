/** XEP-0059 Result Set Management 1.0: the `<set/>` that asks for a page of a list, and the one that tells which it is. */
import { ns } from './namespaces.ts';
import { childText, type Element, el, find } from './stanza.ts';

/** What is asked for. `before: ''` = the last page. */
export interface PageQuery {
  readonly max?: number;
  readonly after?: string;
  readonly before?: string;
}

/** What came: the ids of its first and last item, and how many there are in all, where the service tells. */
export interface PageInfo {
  readonly first?: string;
  readonly last?: string;
  readonly count?: number;
  /** Where the first one stands among all, from 0 on. */
  readonly index?: number;
}

export function pageQuery({ max, after, before }: PageQuery): Element {
  return el(
    'set',
    { xmlns: ns.rsm },
    max === undefined ? undefined : el('max', {}, String(max)),
    after === undefined ? undefined : el('after', {}, after),
    before === undefined ? undefined : el('before', {}, before),
  );
}

/** Undefined where the answer is no page: a service that knows no pages sends all. */
export function pageInfo(parent: Element): PageInfo | undefined {
  const set = find(parent, 'set', ns.rsm);
  if (!set) return undefined;
  const first = childText(set, 'first', ns.rsm);
  const last = childText(set, 'last', ns.rsm);
  const count = Number.parseInt(childText(set, 'count', ns.rsm) ?? '', 10);
  const index = Number.parseInt(find(set, 'first', ns.rsm)?.attrs.index ?? '', 10);
  return {
    ...(first ? { first } : {}),
    ...(last ? { last } : {}),
    ...(count >= 0 ? { count } : {}),
    ...(index >= 0 ? { index } : {}),
  };
}

/**
 * What a client is told of a page of so many items. It may be shorter than was asked for: only an empty one, or the count,
 * tells that it is the last.
 */
export function pageShown({ first, last, count, index }: PageInfo, { after }: PageQuery, items: number) {
  const start = index ?? (after === undefined ? 0 : undefined);
  const isLast = start !== undefined && count !== undefined && start + items >= count;
  return {
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    ...(count === undefined ? {} : { count }),
    complete: items === 0 || last === undefined || isLast,
  };
}

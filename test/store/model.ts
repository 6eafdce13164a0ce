/** The archive of one account as naively as possible: a list, and every question answered by going through all of it. */
import type { HistoryQuery, Item, ItemData, NewItem } from '../../src/store/archive.ts';

const day = 24 * 3600_000;

interface Entry {
  readonly item: Item;
  readonly source: NewItem;
  readonly time: number;
  /** The message acted on, and the message or edit that was named. */
  readonly ref?: Entry;
  readonly named?: Entry;
  /** It failed and was sent again. */
  hidden: boolean;
}

interface Waiting {
  readonly item: NewItem;
  readonly author: string | undefined;
  readonly at: number;
}

const own = (entry: Entry) => entry.item.type === 'message' || entry.item.type === 'message.edited';
const names = (entry: Entry) => [entry.item.data.id, ...(entry.source.ids ?? [])];

export class Model {
  #log: Entry[] = [];
  #waiting: Waiting[] = [];
  readonly #read = new Map<string, string>();
  readonly #activity = new Map<string, string>();

  get items(): readonly Item[] {
    return this.#log.map((entry) => entry.item);
  }

  /** By message and author: the time of the newest reaction. */
  readonly #reacted = new Map<Entry, Map<string, string>>();

  /** By last message, newest first. */
  get chats(): string[] {
    return [...this.#activity].toSorted(([, a], [, b]) => (a < b ? 1 : -1)).map(([chat]) => chat);
  }

  /** What an append resolves to, given the archive ids that were made. */
  append(item: NewItem, archiveIds: readonly string[]): Item[] {
    const ids = archiveIds.values();
    const done: Item[] = [];
    const queue = [item];
    for (const next of queue) {
      const entry = this.#add(next, ids);
      if (!entry) continue;
      this.#log.push(entry);
      if (entry.item.type === 'message') this.#activity.set(entry.item.chat, entry.item.archiveId);
      done.push(entry.item);
      if (own(entry)) queue.push(...this.#release(next));
    }
    return done;
  }

  #add(source: NewItem, ids: Iterator<string>): Entry | undefined {
    const { type, chat, target, now: time } = source;
    const author = type === 'message.edited' ? source.author : target?.author;
    const named = target ? this.#find(chat, target.id, author) : undefined;
    const ref = named?.ref ?? named;
    if (target && !ref) {
      this.#waiting.push({ item: source, author, at: time });
      return undefined;
    }
    if (type === 'reaction' && ref && this.#isOverdue(ref, source)) return undefined;
    const archiveId = ids.next().value ?? 'no archive id';
    const failedEdit = type === 'message.failed' && named !== ref ? named?.item.data.id : undefined;
    const acted = failedEdit ?? ref?.item.data.id;
    const id = type === 'message' || type === 'message.edited' ? this.#name(source, archiveId) : acted;
    const isEdit = type === 'message.edited' || failedEdit !== undefined;
    const replace = isEdit ? { replace: ref?.item.data.id } : {};
    const item = { archiveId, type, chat, data: { ...source.data, id, ...replace, archiveId } };
    return { item, source, time, hidden: false, ...(ref && named ? { ref, named } : {}) };
  }

  /** XEP-0444 §4.1: a delayed set replaces no newer one, and is no item. */
  #isOverdue(ref: Entry, { author, data }: NewItem): boolean {
    const times = this.#reacted.get(ref) ?? new Map<string, string>();
    const time = typeof data.time === 'string' ? data.time : '';
    if ((times.get(author) ?? '') > time) return true;
    this.#reacted.set(ref, times.set(author, time));
    return false;
  }

  #name(source: NewItem, archiveId: string): string {
    for (const id of source.ids ?? []) {
      const holder = this.#log.find(
        (one) => own(one) && !one.hidden && one.item.chat === source.chat && one.item.data.id === id,
      );
      if (!holder) return id;
      if (source.type === 'message' && source.outgoing && holder.item.type === 'message' && this.#failure(holder)) {
        holder.hidden = true;
        return id;
      }
    }
    return archiveId;
  }

  #find(chat: string, id: string, author: string | undefined): Entry | undefined {
    for (const entry of this.#log.toReversed()) {
      if (!own(entry) || entry.item.chat !== chat || !names(entry).includes(id)) continue;
      if (author !== undefined && entry.source.author !== author) continue;
      if (this.#log.includes(entry.ref ?? entry)) return entry;
    }
    return undefined;
  }

  #release({ chat, ids = [], author, now }: NewItem): NewItem[] {
    const fits = (waiting: Waiting) =>
      waiting.item.chat === chat &&
      ids.includes(waiting.item.target?.id ?? '') &&
      (waiting.author === undefined || waiting.author === author);
    const released = this.#waiting.filter(fits);
    this.#waiting = this.#waiting.filter((waiting) => !fits(waiting));
    return released.filter(({ at }) => at > now - day).map(({ item }) => ({ ...item, now }));
  }

  markRead(chat: string, id: string): 'unknown' | 'unmoved' | 'moved' {
    const entry = this.#messages().find((one) => one.item.chat === chat && one.item.data.id === id);
    if (!entry) return 'unknown';
    const before = this.#read.get(chat);
    if (before !== undefined && entry.item.archiveId <= before) return 'unmoved';
    this.#read.set(chat, entry.item.archiveId);
    return 'moved';
  }

  unread(chat: string): number {
    const read = this.#read.get(chat) ?? '';
    return this.#log.filter((one) => one.source.unread && one.item.chat === chat && one.item.archiveId > read).length;
  }

  prune(fits: (archiveId: string) => boolean): void {
    this.#log = this.#log.filter((entry) => !fits(entry.item.archiveId));
    const left = new Set(this.#log.map((entry) => entry.item.chat));
    for (const chat of this.#activity.keys()) {
      if (left.has(chat)) continue;
      this.#activity.delete(chat);
      this.#read.delete(chat);
    }
  }

  history(query: HistoryQuery): { items: Item[]; complete: boolean } {
    const { chat, before, after, text, max, view } = query;
    const found = (view === 'folded' || text !== undefined ? this.#messages() : this.#log).filter(
      ({ item }) =>
        (chat === undefined || item.chat === chat) &&
        (before === undefined || item.archiveId < before) &&
        (after === undefined || item.archiveId > after),
    );
    const fitting = text === undefined ? found : found.filter((entry) => this.#says(entry, text));
    const page = after === undefined ? fitting.slice(Math.max(0, fitting.length - max)) : fitting.slice(0, max);
    const items = page.map((entry) => (view === 'log' ? entry.item : { ...entry.item, data: this.#folded(entry) }));
    return { items, complete: fitting.length <= max };
  }

  #says(entry: Entry, text: string): boolean {
    if (this.#about(entry, 'message.retracted').length > 0) return false;
    const said = ((this.#edit(entry) ?? entry).source.text ?? '').split(' ');
    const words = text.split(' ');
    return words.every((word, i) => said.some((one) => (i === words.length - 1 ? one.startsWith(word) : one === word)));
  }

  #folded(entry: Entry): ItemData {
    const { data } = entry.item;
    const { id, archiveId, chat, from, time } = data;
    const identity = { id, archiveId, chat, from, time };
    const retraction = this.#about(entry, 'message.retracted')[0]?.item.data;
    const edit = this.#edit(entry)?.item.data;
    const edited = edit ? { ...identity, body: edit.body, edited: { time: edit.time } } : data;
    const reactions = this.#reactions(entry);
    return {
      ...(retraction ? { ...identity, retracted: { time: retraction.time } } : edited),
      ...(Object.keys(reactions).length > 0 && !retraction ? { reactions } : {}),
      ...(entry.source.outgoing ? this.#status(entry) : {}),
    };
  }

  #reactions(entry: Entry): Record<string, unknown> {
    const newest = new Map<string, ItemData>();
    for (const { item, source } of this.#about(entry, 'reaction')) {
      const known = newest.get(source.author);
      if (!known || String(known.time) <= String(item.data.time)) newest.set(source.author, item.data);
    }
    const sets = [...newest].map(([author, data]) => [author, data.reactions] as const);
    return Object.fromEntries(sets.filter(([, set]) => Array.isArray(set) && set.length > 0));
  }

  #status(entry: Entry): ItemData {
    const error = this.#failure(entry);
    if (error) return { status: 'failed', error };
    const receipts = this.#log.filter(({ item, ref }) => {
      return item.type === 'receipt' && item.chat === entry.item.chat && ref?.source.outgoing;
    });
    const displayed = receipts.some(({ item, named }) => {
      return item.data.status === 'displayed' && (named?.item.archiveId ?? '') >= entry.item.archiveId;
    });
    if (displayed) return { status: 'displayed' };
    const delivered = receipts.some((one) => one.item.data.status === 'delivered' && one.ref === entry);
    return { status: delivered ? 'delivered' : 'sent' };
  }

  #failure(entry: Entry): unknown {
    const failures = this.#about(entry, 'message.failed').filter(({ named }) => named === entry);
    return entry.source.outgoing ? failures.at(-1)?.item.data.error : undefined;
  }

  /** The newest that did not fail; only the one before a failed one is remembered. */
  #edit(entry: Entry): Entry | undefined {
    let versions: Entry[] = [];
    for (const one of this.#log.filter(({ ref }) => ref === entry)) {
      if (one.item.type === 'message.edited') versions = [...versions.slice(-1), one];
      else if (one.item.type === 'message.failed' && entry.source.outgoing && one.named === versions.at(-1))
        versions.pop();
    }
    return versions.at(-1);
  }

  #about(message: Entry, type: string): Entry[] {
    return this.#log.filter((entry) => entry.item.type === type && entry.ref === message);
  }

  #messages(): Entry[] {
    return this.#log.filter((entry) => entry.item.type === 'message' && !entry.hidden);
  }
}

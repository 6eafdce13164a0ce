/**
 * Who said what in a room, by the ids that others refer to it with: an edit names the id attribute, a reaction the room's
 * stanza-id (xmpp-rules of XEP-0308 and XEP-0444). The newest messages only.
 */

export interface Spoken {
  /** The one id of PROTOCOL.md §6. */
  readonly id: string;
  /** `#` and the occupant-id, or `/` and the nick. */
  readonly author: string;
  readonly nick: string;
  readonly idAttribute?: string;
  readonly originId?: string;
  /** When it was noted, in the index's own count. */
  at: number;
}

const most = 2000;

export class SpokenIndex {
  readonly #byId = new Map<string, Spoken>();
  readonly #byAuthor = new Map<string, Spoken>();
  /** By nick, when its last holder left: who has it now is somebody else. */
  readonly #left = new Map<string, number>();
  #count = 0;

  note(said: Spoken): void {
    if (this.#byId.has(said.id)) return;
    const { id, author, nick, idAttribute, originId } = said;
    const entry: Spoken = {
      id,
      author,
      nick,
      at: ++this.#count,
      ...(idAttribute === undefined ? {} : { idAttribute }),
      ...(originId === undefined ? {} : { originId }),
    };
    this.#byId.set(id, entry);
    for (const other of [originId, idAttribute])
      if (other !== undefined) this.#byAuthor.set(`${author}\n${other}`, entry);
    if (this.#byId.size > most) for (const [oldest, one] of this.#byId.entries().take(1)) this.#forget(oldest, one);
  }

  /** The message with that one id. */
  any(id: string): Spoken | undefined {
    return this.#byId.get(id);
  }

  /** The newest message of that author which goes by the id. */
  byAuthor(author: string, id: string): Spoken | undefined {
    const found = this.#byAuthor.get(`${author}\n${id}`) ?? this.#byId.get(id);
    if (found?.author !== author) return undefined;
    const isNick = author.startsWith('/');
    return isNick && found.at <= (this.#left.get(found.nick) ?? 0) ? undefined : found;
  }

  /** Whoever had the nick has gone. */
  left(nick: string): void {
    this.#left.delete(nick);
    this.#left.set(nick, this.#count);
    if (this.#left.size > most) for (const oldest of this.#left.keys().take(1)) this.#left.delete(oldest);
  }

  #forget(id: string, { author, idAttribute, originId }: Spoken): void {
    const entry = this.#byId.get(id);
    this.#byId.delete(id);
    for (const other of [originId, idAttribute]) {
      const key = `${author}\n${other}`;
      if (this.#byAuthor.get(key) === entry) this.#byAuthor.delete(key);
    }
  }
}

/**
 * What an account knows of others' availability, for sessions that come later. Only what contacts said themselves; after
 * a loss of the link it is in doubt until they say it again.
 */
import type { Presence } from '../protocol/objects.ts';
import { detach } from '../xmpp/stanza.ts';

interface Known {
  readonly presence: Presence;
  /** The round of `doubt()` in which it was said. */
  readonly round: number;
}

/** Resources of one contact; more than that are a contact's mistake. */
const maxResources = 32;
/** PROTOCOL.md §3, as for an account's own sessions. */
const rank = { chat: 5, online: 4, dnd: 3, away: 2, xa: 1 } as const;

export class KnownPresence {
  readonly #users = new Map<string, Map<string, Known>>();
  #round = 0;

  /** The latest call of doubt(). */
  get round(): number {
    return this.#round;
  }

  note(presence: Presence): void {
    const { from, user } = presence;
    if (presence.type === 'unavailable') {
      this.#delete(user, from);
      return;
    }
    const resources = this.#users.get(user) ?? new Map<string, Known>();
    resources.delete(from);
    if (resources.size >= maxResources) for (const oldest of resources.keys().take(1)) resources.delete(oldest);
    const copy = detached(presence);
    resources.set(copy.from, { presence: copy, round: this.#round });
    this.#users.set(copy.user, resources);
  }

  /** Of one contact, the best first; nothing that is in doubt. */
  of(user: string): Presence[] {
    const known = this.#users.get(user)?.values() ?? [];
    const sure = [...known].filter(({ round }) => round === this.#round).map(({ presence }) => presence);
    // What came last comes first among equals.
    return sure.reverse().toSorted((a, b) => rank[b.show ?? 'online'] - rank[a.show ?? 'online']);
  }

  /** Of everybody, nothing that is in doubt. */
  *[Symbol.iterator](): Generator<Presence> {
    for (const user of this.#users.keys()) yield* this.of(user);
  }

  /** Forgets a contact; answers the addresses that were available. */
  forget(user: string): string[] {
    const resources = [...(this.#users.get(user)?.keys() ?? [])];
    this.#users.delete(user);
    return resources;
  }

  /** From now on it is in doubt, until it is noted again; but not what `isSure` knows. */
  doubt(isSure: (user: string) => boolean): void {
    this.#round++;
    for (const [user, resources] of this.#users) {
      if (!isSure(user)) continue;
      for (const [from, { presence }] of resources) resources.set(from, { presence, round: this.#round });
    }
  }

  /** Forgets what is still in doubt; answers whose that was. */
  settle(): Pick<Presence, 'from' | 'user'>[] {
    const doubtful = [...this.#users.values()]
      .flatMap((resources) => [...resources.values()])
      .filter(({ round }) => round !== this.#round)
      .map(({ presence: { from, user } }) => ({ from, user }));
    for (const { from, user } of doubtful) this.#delete(user, from);
    return doubtful;
  }

  #delete(user: string, from: string): void {
    const resources = this.#users.get(user);
    resources?.delete(from);
    if (resources?.size === 0) this.#users.delete(user);
  }
}

function detached({ from, user, type, show, status, idleSince, nick, avatar }: Presence): Presence {
  return {
    from: detach(from),
    user: detach(user),
    type,
    ...(show === undefined ? {} : { show }),
    ...(status === undefined ? {} : { status: detach(status) }),
    ...(idleSince === undefined ? {} : { idleSince }),
    ...(nick === undefined ? {} : { nick: detach(nick) }),
    ...(avatar === undefined ? {} : { avatar: avatar.id === undefined ? {} : { id: detach(avatar.id) } }),
  };
}

/**
 * An account: one bare JID of the gateway's domain, seen by XMPP as one resource, however many sessions are open.
 */
import type { Account as AccountView, Draft, PushOptions, Session as SessionView } from '../extension.ts';
import type { Event, RequestResult } from '../protocol/frames.ts';
import type { OwnPresence } from '../protocol/objects.ts';
import { type Jid, make } from '../xmpp/jid.ts';
import { OutgoingEvent } from './event.ts';
import { Outbox } from './outbox.ts';
import type { Roster } from './roster.ts';
import type { VirtualServer } from './server.ts';
import type { Session } from './session.ts';

/** The resource that every account's stanzas come from: a stable one survives restarts unseen (XEP-0045 rooms too). */
export const resource = 'web';

/** PROTOCOL.md §3: chat > online > dnd > away > xa. */
const rank = { chat: 5, online: 4, dnd: 3, away: 2, xa: 1 } as const;

export class Account implements AccountView {
  readonly gateway: VirtualServer;
  readonly jid: Jid;
  readonly client: Jid;
  readonly roster: Roster;
  readonly sessions = new Set<Session>();
  readonly outbox: Outbox;
  announced: OwnPresence | undefined;
  owesPresence = false;
  /** When its last session ended, epoch ms. */
  idleSince: number;

  constructor(gateway: VirtualServer, jid: Jid, roster: Roster) {
    this.gateway = gateway;
    this.jid = jid;
    this.client = make(jid.local, jid.domain, resource);
    this.roster = roster;
    this.outbox = new Outbox(this);
    this.idleSince = gateway.now();
  }

  get presence(): OwnPresence | undefined {
    let best: Session | undefined;
    for (const session of this.sessions) {
      if (session.presence !== false && (best === undefined || isBetter(session, best))) best = session;
    }
    return best === undefined || best.presence === false ? undefined : best.presence;
  }

  push(event: Event, options: PushOptions = {}): void {
    if (this.sessions.size === 0) return;
    const outgoing = new OutgoingEvent(event, options, this.gateway.translate);
    for (const session of this.sessions) if (session !== options.except) session.pushEncoded(outgoing);
  }

  mayLearn(bare: string): boolean {
    if (bare === this.jid.bare || this.outbox.hasWrittenTo(bare)) return true;
    const subscription = this.roster.get(bare)?.subscription;
    return subscription === 'from' || subscription === 'both';
  }

  deliver(session: SessionView, draft: Draft): Promise<RequestResult<'message.send'>> {
    return this.outbox.send(session, draft);
  }
}

function isBetter(one: Session, other: Session): boolean {
  const a = rank[showOf(one)];
  const b = rank[showOf(other)];
  return a > b || (a === b && one.presenceAt > other.presenceAt);
}

function showOf({ presence }: Session): keyof typeof rank {
  return presence === false ? 'xa' : (presence.show ?? 'online');
}

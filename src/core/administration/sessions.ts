/** Sessions: listed and ended. */
import type { SessionObject } from '../../protocol/api-objects.ts';
import { Disconnect } from '../../protocol/close.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Administered, Part } from '../administration.ts';
import type { Session } from '../session.ts';
import { accountOf } from './who.ts';

const defaultMax = 100;

export function sessionOperations({ server }: Administered) {
  return {
    listSessions: async ({ query: { account, after = '', max = defaultMax } }) => {
      const all: Iterable<Session> =
        account === undefined ? server.sessions : (await accountOf(server, account)).sessions;
      const rest = [...all].map((session) => ({ place: placeOf(session), session }));
      const left = rest.filter(({ place }) => place > after).toSorted((a, b) => (a.place < b.place ? -1 : 1));
      const page = left.slice(0, max);
      const last = page.at(-1)?.place;
      return {
        items: page.map(({ session }) => describe(session)),
        ...(last === undefined ? {} : { last }),
        complete: left.length <= max,
      };
    },
    endSession: ({ params }) => {
      const session = server.sessions.get(params.session);
      if (!session) throw new StanzaError('item-not-found', 'There is no such session', { field: 'session' });
      server.sessions.close(session, byAdministrator());
      return undefined;
    },
    endSessions: async ({ params }) => {
      return { ended: server.sessions.closeAll(await accountOf(server, params.account), byAdministrator()) };
    },
  } satisfies Part;
}

function byAdministrator(): Disconnect {
  return new Disconnect('forbidden', 'ended by an administrator');
}

/** Where it stands in the list: sorts as text by the time of its beginning. */
function placeOf({ since, id }: Session): string {
  return `${String(since).padStart(15, '0')} ${id}`;
}

function describe(session: Session): SessionObject {
  const { session: id, current: _, ...rest } = session.describe(session);
  const { presence } = session;
  return { session: id, jid: session.account.jid.bare, ...rest, ...(presence === false ? {} : { presence }) };
}

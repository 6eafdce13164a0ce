/**
 * XEP-0410 MUC Self-Ping 1.1.0: is the account still in a room that has been silent, or has answered oddly? It asks itself,
 * by way of the room.
 *   <iq type="get" to="dev@rooms.example.com/alice"><ping xmlns="urn:xmpp:ping"/></iq>
 */
import { randomUUID } from 'node:crypto';
import { type Account, extension, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { ns } from '../xmpp/namespaces.ts';
import { el } from '../xmpp/stanza.ts';
import { rejoinSoon } from './xep0045-muc/rejoin.ts';
import type { Room } from './xep0045-muc/room.ts';
import { roomsOf } from './xep0045-muc/rooms.ts';

/** §3.2: a room is asked after so long a silence. */
const silence = 15 * 60_000;
const lookEvery = 60_000;
/** Of one account, in one look. */
const most = 20;
/** Where the answer says nothing, it is asked again after so long. */
const again = 60_000;

/** §3.1: what the errors say. What is not here says that the account is not in the room. */
const verdicts: Record<string, 'joined' | 'undecided'> = {
  'service-unavailable': 'joined',
  'feature-not-implemented': 'joined',
  'remote-server-not-found': 'undecided',
  'remote-server-timeout': 'undecided',
  timeout: 'undecided',
  'link-down': 'undecided',
  'resource-constraint': 'undecided',
};

/** Asks whether the account is in a room that it should be in; if it is not, it joins again. */
export function doubt(room: Room): void {
  if (room.state !== 'joined' || room.doubted) return;
  room.doubted = true;
  void check(room).finally(() => {
    room.doubted = false;
  });
}

async function check(room: Room): Promise<void> {
  const { gateway, client } = room.account;
  const to = room.occupantJid;
  const ping = el('iq', { from: client.full, to, type: 'get', id: randomUUID() }, el('ping', { xmlns: ns.ping }));
  try {
    await gateway.request(ping);
    room.heardAt = gateway.now();
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    const verdict = verdicts[error.code];
    if (verdict === 'joined') room.heardAt = gateway.now();
    else if (verdict === 'undecided') room.heardAt = gateway.now() - silence + again;
    // §3.1: the nick may have changed while the ping was on its way.
    else if (room.state === 'joined' && room.occupantJid === to) absent(room);
  }
}

function absent(room: Room): void {
  room.out(new StanzaError('not-acceptable', 'The account was not in the room any more'));
  rejoinSoon(room);
}

/** Looks for rooms that have said nothing for long. */
function look(account: Account): void {
  const now = account.gateway.now();
  const silent = [...roomsOf(account)].filter((room) => room.state === 'joined' && now - room.heardAt > silence);
  for (const room of silent.slice(0, most)) doubt(room);
}

export default extension({
  spec: xep('0410', '1.1.0'),
  hooks: {
    sessionOpen: ({ account }) => {
      const rooms = roomsOf(account);
      rooms.watch ??= setInterval(() => look(account), lookEvery).unref();
    },
  },
});

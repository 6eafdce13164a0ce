/** The verdict on a rolling restart: what was acknowledged is on every screen where it belongs, once. */
import type { Book, Said } from './book.ts';
import type { Crowd } from './load.ts';
import type { WebClient } from './web-client.ts';

export function judge(book: Book, { clients, users }: Crowd, bounced: ReadonlySet<string>): string[] {
  const ofAccount = Map.groupBy(clients, ({ account }) => account);
  const screensOf = (account: string): readonly WebClient[] => ofAccount.get(account) ?? [];
  const messages = book.said.flatMap((one) => {
    if (bounced.has(one.key)) return [];
    return [...atXmpp(one, users), ...atWeb(one, one.to, screensOf(one.to)), ...atOther(one, screensOf(one.from))];
  });
  const reactions = [...book.reactions].flatMap(([key, reaction]) => {
    const [by = '', to = '', id = ''] = key.split(' ');
    if (reaction === '') return [];
    const shown = (chat: string) => (client: WebClient) =>
      client.screen.reactions.get(`${chat} ${id} ${by}`) === reaction;
    const isThere = screensOf(to).every(shown(by)) && screensOf(by).some(shown(to));
    return isThere ? [] : [`the reaction ${reaction} of ${by} to ${id} of ${to} is not shown`];
  });
  const names = [...book.names].flatMap(([key, name]) => {
    const [account = '', jid = ''] = key.split(' ');
    const wrong = screensOf(account).filter(({ screen }) => screen.names.get(jid) !== name);
    return wrong.map(({ screen }) => `${account} calls ${jid} ${name}, and sees ${screen.names.get(jid)}`);
  });
  return [...book.refused, ...messages, ...reactions, ...names];
}

function atXmpp(one: Said, users: Crowd['users']): string[] {
  if (one.way !== 'web → XMPP') return [];
  const times = users.find(({ client }) => client.bareJid === one.to)?.got.get(one.key) ?? 0;
  return times === 1 ? [] : [`${one.key} of ${one.from} is ${times} times at ${one.to}`];
}

function atWeb(one: Said, account: string, screens: readonly WebClient[]): string[] {
  if (one.way === 'web → XMPP') return [];
  return screens.flatMap(({ screen }) => {
    const times = screen.bodies.get(one.key) ?? 0;
    return times === 1 ? [] : [`${one.key}, ${one.way}, is ${times} times on a screen of ${account}`];
  });
}

/** The sender's other client: its own has the `ok`. */
function atOther(one: Said, screens: readonly WebClient[]): string[] {
  if (one.way === 'XMPP → web') return [];
  const times = screens.reduce((sum, { screen }) => sum + (screen.bodies.get(one.key) ?? 0), 0);
  return times === 1 ? [] : [`${one.key}, ${one.way}, is ${times} times on the other screen of ${one.from}`];
}

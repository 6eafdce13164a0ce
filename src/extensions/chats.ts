/**
 * Conversations (PROTOCOL.md §9, §10): a list with unread counts, the user's settings for each, and `chat` events for what
 * a client cannot count itself.
 *   {"chat":"bob@example.com","kind":"direct","unread":2,"mentions":0,"last":{…},"muted":true}
 */
import { type Account, type Extension, extension, type Item, type StoredChat } from '../extension.ts';
import type { Chat, Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import { address } from './address.ts';
import { chatKey } from './chat-key.ts';
import { fitting, pageBytes } from './page.ts';
import { positionsOf } from './xep0045-muc/position.ts';

/** The snapshot in `ready` has so many; the rest is for `chat.list`. */
const snapshotMax = 100;

export function toChat(account: Account, stored: StoredChat): Chat {
  const plain = plainChat(account, stored);
  const jid = tryParse(stored.chat);
  const service = jid && account.gateway.serving(account, jid);
  return service?.describe ? service.describe(plain, stored) : plain;
}

function plainChat(account: Account, { chat, unread, readUpTo, last, room, ...settings }: StoredChat): Chat {
  const name = account.roster.get(chat)?.name;
  return {
    chat,
    kind: room ? 'room' : 'direct',
    ...(name === undefined ? {} : { name }),
    unread,
    mentions: 0,
    ...(readUpTo ? { readUpTo: { id: readUpTo.id, time: readUpTo.time } } : {}),
    ...(last ? { last: messageOf(last) } : {}),
    ...settings,
  };
}

/** What was archived as a message is one. */
function messageOf({ data }: Item): Message {
  return data as unknown as Message;
}

async function page(account: Account, max: number, after?: string) {
  await positionsOf(account)
    .saveAll()
    .catch(() => undefined);
  const stored = await account.archive.chats(account.jid.bare, { max, ...(after === undefined ? {} : { after }) });
  const all = stored.items.map((one) => toChat(account, one));
  const items = [...fitting(all, pageBytes(account.gateway.limits), 'first')];
  return { items, complete: stored.complete && items.length === all.length, count: stored.count };
}

/** Sessions that hold the list learn of a new one. */
function opened(account: Account, item: Item): void {
  if (!item.newChat || item.type !== 'message') return;
  const last = messageOf(item);
  const data = toChat(account, { chat: item.chat, unread: last.outgoing ? 0 : 1, last: item });
  for (const session of account.sessions) if (session.wants.has('chats')) session.push({ type: 'chat', data });
}

const requests: Extension['requests'] = {
  'chat.list': async ({ account, gateway }, { max = gateway.limits.historyMax, after }) => {
    const cursor = after === undefined ? undefined : await chatKey(account, address(after, 'after'));
    const found = await page(account, Math.min(max, gateway.limits.historyMax), cursor);
    const [first, last] = [found.items[0]?.chat, found.items.at(-1)?.chat];
    return { ...found, ...(first === undefined || last === undefined ? {} : { first, last }) };
  },
  'chat.update': async (session, { chat, ...settings }) => {
    const { account } = session;
    const key = await chatKey(account, address(chat, 'chat'));
    const { muted, pinned, archived } = settings;
    const data = toChat(
      account,
      await account.archive.updateChat(account.jid.bare, key, {
        ...(muted === undefined ? {} : { muted }),
        ...(pinned === undefined ? {} : { pinned }),
        ...(archived === undefined ? {} : { archived }),
      }),
    );
    account.push({ type: 'chat', data }, { except: session });
    return data;
  },
};

export default extension({
  spec: { name: 'PROTOCOL.md §9', url: 'PROTOCOL.md#chat' },
  requests,
  snapshots: { chats: async (account) => ({ chats: (await page(account, snapshotMax)).items }) },
  hooks: { archived: opened },
});

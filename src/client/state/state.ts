/**
 * `stanzawire/client/state`: chats, messages, contacts and rooms as plain objects that follow a client, with `subscribe`
 * and `getSnapshot` as React's `useSyncExternalStore` wants them. docs/client.md has an example for each framework.
 */
import type { Client } from '../connect.ts';
import type { ClientEvent, Origin, Sending } from '../types.ts';
import { reducers } from './reduce.ts';
import type { ShownMessage, Snapshot } from './snapshot.ts';
import { Store } from './store.ts';
import { withMessage } from './timeline.ts';

export type { ShownMessage, Snapshot };

export interface State {
  /** Has the listener called after changes, once for those of one turn, until the returned function is. */
  readonly subscribe: (listener: () => void) => () => void;
  /** What is known now: the same object until something changes, in it the same objects where nothing has. */
  readonly getSnapshot: () => Snapshot;
  /** Reads older messages of a chat, the newest at first. Resolves with `false` when there are no more. @throws ClientError */
  load(chat: string, max?: number): Promise<boolean>;
  /** Everybody in a room. @throws ClientError */
  loadOccupants(room: string): Promise<void>;
  /** All that is shown of the chat was read. */
  read(chat: string): void;
  /** Sends a message that has failed once more. */
  retry(message: ShownMessage): Sending | undefined;
  /** Follows the client no more. */
  stop(): void;
}

/** Create it with the client, at once: it is then told everything. */
export function createState(client: Client): State {
  const store = new Store();
  const reduce = reducers(store) as Record<string, ((data: unknown, origin: Origin) => void) | undefined>;
  const stop = client.on('*', ({ type, data }: ClientEvent, origin) => {
    reduce[type]?.(data, origin);
    // A page that was loaded again goes on with its session, and has nothing else.
    if (type === 'ready' && data.resumed && !hasAnything(store.getSnapshot())) void loadLists(client);
  });
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    stop,
    load: (chat, max) => load(client, store, chat, max),
    loadOccupants: async (room) => {
      await everyPage((after) => client.request('room.occupants', { room, ...after }));
    },
    read: (chat) => read(client, store, chat),
    retry: ({ draft }) => draft && client.send(draft),
  };
}

async function load(client: Client, store: Store, chat: string, max?: number): Promise<boolean> {
  const before = store.getSnapshot().messages[chat]?.find(({ archiveId }) => archiveId)?.archiveId;
  const place = { ...(before === undefined ? {} : { before }), ...(max === undefined ? {} : { max }) };
  const { items, complete } = await client.request('history.get', { chat, view: 'folded', ...place });
  let all = store.getSnapshot().messages[chat] ?? [];
  for (const { type, data } of items) if (type === 'message') all = withMessage(all, data as ShownMessage);
  store.put('messages', chat, all);
  if (complete) store.put('complete', chat, true);
  return !complete;
}

function read(client: Client, store: Store, chat: string): void {
  const { messages, chats } = store.getSnapshot();
  const id = messages[chat]?.findLast(({ outgoing }) => !outgoing)?.id ?? chats[chat]?.last?.id;
  const known = chats[chat];
  if (!known?.unread || id === undefined) return;
  store.put('chats', chat, { ...known, unread: 0, mentions: 0 });
  // Where it fails the next `chat` event has the true number.
  client.request('message.mark', { to: chat, id }).catch(() => undefined);
}

function hasAnything({ chats, contacts, rooms }: Snapshot): boolean {
  return [chats, contacts, rooms].some((all) => Object.keys(all).length > 0);
}

/** The reducers take the answers. */
async function loadLists(client: Client): Promise<void> {
  const lists = [
    client.request('contact.list', {}),
    client.request('chat.list', {}),
    everyPage((after) => client.request('room.list', after)),
  ];
  await Promise.allSettled(lists);
}

/** A list that is longer than this is not a list to show. */
const maxPages = 50;

async function everyPage(
  ask: (after: { after?: string }) => Promise<{ last?: string; complete: boolean }>,
): Promise<void> {
  let page = await ask({});
  for (let count = 1; !page.complete && page.last !== undefined && count < maxPages; count++) {
    page = await ask({ after: page.last });
  }
}

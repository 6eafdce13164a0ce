/**
 * Messages of accounts that nobody attends: those who carry news out of the process are told, and ask here what became of
 * them.
 */
import type { Item, NewItem } from '../extension.ts';
import type { KeptWith, Mention, Missed, MissedMessage, NewsDesk, Notices } from '../notices.ts';
import type { Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import type { Account } from './account.ts';
import type { Accounts } from './accounts.ts';

export function missedBy(account: Account, chat: string): Missed {
  return { account: account.jid.bare, chat, wakes: account.pushes.size > 0 };
}

/** Archives a message, what is due for it in the same transaction, and tells of it. */
export async function appendMissed(account: Account, notices: Notices, item: NewItem): Promise<Item[]> {
  const missed = missedBy(account, item.chat);
  const records: readonly KeptWith[] = notices.keep(missed);
  const stored = account.archive.append(account.jid.bare, records.length === 0 ? item : { ...item, records });
  const items = await stored;
  const [first] = items;
  if (first && records.length > 0) {
    notices.missed(missed, records, { id: String(first.data.id), archiveId: first.archiveId });
  }
  return items;
}

export function newsDesk(accounts: Accounts): NewsDesk {
  const find = async (bare: string): Promise<Account | undefined> => {
    const jid = tryParse(bare);
    return jid && accounts.load(jid);
  };
  return {
    pushes: async (bare) => (await find(bare))?.pushes,
    attended: (bare) => {
      const jid = tryParse(bare);
      const account = jid && accounts.loaded(jid);
      return typeof account === 'object' && account.attended;
    },
    message: async (bare, chat, id) => {
      const account = await find(bare);
      const stored = await account?.archive.message(bare, chat, id);
      if (!account || !stored || 'retracted' in stored.item.data) return undefined;
      const { unread = 0, muted = false } = (await account.archive.chat(bare, chat)) ?? {};
      return {
        ...about(stored.item.data as unknown as Message),
        ...named(account, chat),
        kind: 'direct',
        unread,
        muted,
      };
    },
    mention: async (bare, chat, { name, ...mention }: Mention) => {
      const { muted = false } = (await (await find(bare))?.archive.chat(bare, chat)) ?? {};
      const hidden = { hidden: false, mention: true };
      return { ...mention, ...(name === undefined ? {} : { name }), kind: 'room', muted, ...hidden };
    },
  };
}

type About = Omit<MissedMessage, 'kind' | 'unread' | 'muted' | 'name'>;

function about({ id, archiveId, from, time, body, spoiler }: Message): About {
  return {
    id,
    from,
    time,
    hidden: spoiler !== undefined,
    mention: false,
    ...(archiveId === undefined ? {} : { archiveId }),
    ...(body === undefined ? {} : { body }),
  };
}

function named(account: Account, chat: string): Pick<MissedMessage, 'name'> {
  const name = account.roster.get(chat)?.name;
  return name === undefined || name === '' ? {} : { name };
}

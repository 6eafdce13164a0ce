/** Accounts: listed, looked at, made, disabled and enabled, and made contacts of each other. */
import type { AccountDetails, AccountObject, AccountPresence } from '../../protocol/api-objects.ts';
import { Disconnect } from '../../protocol/close.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { StoredAccount } from '../../store/accounts.ts';
import { escapeLocal, tryParse, unescapeLocal } from '../../xmpp/jid.ts';
import type { Account } from '../account.ts';
import type { Administered, Part } from '../administration.ts';
import type { Disabled } from '../possessions.ts';
import { carryOut } from './acting.ts';
import { accountOf, jidOf } from './who.ts';

const defaultMax = 100;

export function accountOperations({ server, store }: Administered) {
  const { accounts } = server;

  async function describe({ jid, created }: StoredAccount): Promise<AccountObject> {
    const parsed = tryParse(jid);
    const account = parsed && accounts.loaded(parsed);
    const inMemory = account === 'unknown' ? undefined : account;
    const disabled = inMemory ? inMemory.disabled : await accounts.disabled(jid);
    return {
      user: unescapeLocal(parsed?.local ?? jid),
      jid,
      created: new Date(created).toISOString(),
      ...(disabled ? { disabled: since(disabled) } : {}),
      sessions: inMemory?.sessions.size ?? 0,
    };
  }

  async function about(account: Account) {
    const found = await store.accounts.about(account.jid.bare);
    if (!found) throw new StanzaError('item-not-found', 'There is no such account', { field: 'account' });
    return found;
  }

  async function disabledOnes(prefix: string, after: string, max: number): Promise<StoredAccount[]> {
    const all = await accounts.allDisabled();
    const wanted = all.filter((jid) => jid.startsWith(prefix) && jid > after).slice(0, max);
    const found = await Promise.all(wanted.map((jid) => store.accounts.about(jid)));
    return found.filter((one) => one !== undefined);
  }

  return {
    listAccounts: async ({ query: { prefix, disabled, after = '', max = defaultMax } }) => {
      const begin = prefix === undefined ? '' : begun(prefix);
      const asked = { prefix: begin, after, max: max + 1 };
      const found = disabled ? await disabledOnes(begin, after, max + 1) : await store.accounts.list(asked);
      const items = await Promise.all(found.slice(0, max).map(describe));
      const last = found.slice(0, max).at(-1)?.jid;
      return { items, ...(last === undefined ? {} : { last }), complete: found.length <= max };
    },
    getAccount: async ({ params }): Promise<AccountDetails> => {
      const account = await accountOf(server, params.account);
      const { chats, items, lastActivity, ...stored } = await about(account);
      return {
        ...(await describe(stored)),
        ...(account.presence ? { presence: account.presence } : {}),
        contacts: account.roster.size,
        rooms: account.memberships.size,
        blocked: account.blocked.size,
        chats,
        messages: items,
        ...(lastActivity === undefined ? {} : { lastActivity: new Date(lastActivity).toISOString() }),
      };
    },
    createAccount: async ({ params }) => {
      const jid = jidOf(server, params.account);
      const made = (await store.accounts.about(jid.bare)) === undefined;
      const account = await accounts.load(jid, true);
      if (!account) throw new StanzaError('internal-server-error', 'The account could not be made');
      return { ...(await describe(await about(account))), made };
    },
    disableAccount: async ({ params, body: { reason } }) => {
      const account = await accountOf(server, params.account);
      const stored = account.disable({ at: server.now(), ...(reason === undefined ? {} : { reason }) });
      server.sessions.closeAll(account, new Disconnect('forbidden', reason ?? 'the account is disabled'));
      await stored;
      return describe(await about(account));
    },
    enableAccount: async ({ params }) => {
      const account = await accountOf(server, params.account);
      await account.enable();
      return describe(await about(account));
    },
    removeAccount: async ({ params }) => {
      const account = await accountOf(server, params.account);
      if (account.ending) throw new StanzaError('conflict', 'The account is being removed already');
      await accounts.remove(account, new Disconnect('forbidden', 'the account is removed'));
      return undefined;
    },
    getPresence: async ({ params }): Promise<AccountPresence> => {
      const { jid, presence, sessions } = await accountOf(server, params.account);
      return {
        user: unescapeLocal(jid.local),
        jid: jid.bare,
        available: presence !== undefined,
        ...(presence ? { presence } : {}),
        sessions: sessions.size,
        attached: [...sessions].filter(({ attached }) => attached).length,
      };
    },
    connectAccounts: async ({ params }) => {
      const one = await accountOf(server, params.account);
      const other = await accountOf(server, params.contact, 'contact');
      if (one === other) throw badRequest('contact', 'an account is no contact of its own');
      // Approved in advance (RFC 6121 §3.4): neither is asked.
      await carryOut(server, other, { type: 'contact.approve', data: { jid: one.jid.bare } });
      await carryOut(server, one, { type: 'contact.add', data: { jid: other.jid.bare } });
      await carryOut(server, other, { type: 'contact.add', data: { jid: one.jid.bare } });
      return undefined;
    },
  } satisfies Part;
}

function since({ at, ...rest }: Disabled): NonNullable<AccountObject['disabled']> {
  return { since: new Date(at).toISOString(), ...rest };
}

/** What JIDs begin with whose user names begin so. @throws StanzaError bad-request */
function begun(prefix: string): string {
  const local = prefix === '' ? '' : escapeLocal(prefix);
  if (local === undefined) throw badRequest('prefix', 'prefix is nothing that a user name can begin with');
  return local;
}

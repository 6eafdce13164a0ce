/** User names that would become somebody else's account: by escaping, case, Unicode, or as a guest. */
import { describe, expect, it } from 'vitest';
import { createGuests } from '../../src/auth/guest.ts';
import { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_AUTH_GUEST_ENABLED: 'true' });

/** The account that a token of the operator's for that name gets, or the code that it is refused with. */
async function accountOf(name: string): Promise<string> {
  const client = await JsonClient.open(at.gateway.url);
  client.send({ type: 'connect', id: 1, data: { token: await at.gateway.token(name), presence: false } });
  const frame = await client.inbox.next(({ type }) => type === 'ready' || type === 'error');
  if (frame.error) return frame.error.code;
  await client.close();
  return String(frame.data?.user);
}

describe('names that are not the same user are never the same account:', () => {
  const families: [what: string, names: string[]][] = [
    ['escapes', ['a@b', 'a\\40b', 'a\\5c40b', 'a\\\\40b', 'a\\5C40b']],
    ['spaces', ['a b', 'a\\20b', 'a  b', 'a\\20\\20b']],
    ['a whole address', ['alice@web.example.com', 'alice', 'alice@web.example.com/web', 'alice/web']],
    ['slashes', ['a/b', 'a\\2fb', 'a//b', 'a\\b']],
    ['markup', ['<a>', '\\3ca\\3e', '&lt;a&gt;', "'a'", '"a"']],
    ['a backslash at the end', ['alice\\', 'alice\\5c', 'alice']],
    ['half an escape', ['alice\\2', 'alice\\20x', 'alice\\zz']],
    ['full-width letters', ['alice', '\uff41lice', '\uff21lice', '\u24d0lice']],
    ['ligatures and compatibility forms', ['file', '\ufb01le', '\u2460', '1']],
    ['letters that look alike', ['alice', '\u0430lice', 'al\u0456ce', 'alic\u0435']],
    ['composed and decomposed', ['ren\u00e9', 'rene\u0301', 'rene']],
    ['sharp s', ['strasse', 'stra\u00dfe', 'STRA\u1e9eE']],
    ['the Turkish i', ['i', '\u0131', '\u0130', 'i\u0307']],
    ['zero width', ['alice', 'ali\u200bce', 'ali\u200cce', 'ali\u200dce', '\ufeffalice', 'ali\u00adce', 'ali\u2060ce']],
    ['direction', ['alice', '\u202ealice', 'ali\u200fce', '\u2066alice\u2069']],
    ['variation selectors and tags', ['alice', 'alice\ufe0f', 'alice\u{e0061}']],
    ['spaces at the ends', ['alice', ' alice', 'alice ', '\u00a0alice', 'alice\t', '\nalice', 'alice\u3000']],
    ['control characters', ['alice', 'ali\u0000ce', 'alice\u0000', 'alice\u007f', 'alice\u0085']],
    ['signs that are letters', ['kate', '\u212aate', '\u00e5', '\u212b', '\u017fam', 'sam']],
    ['the sigmas', ['\u03c3', '\u03c2x', 'x']],
    ['mathematical letters', ['alice', '\u{1d41a}\u{1d425}\u{1d422}\u{1d41c}\u{1d41e}']],
    ['combining marks in another order', ['a\u0323\u0307', 'a\u0307\u0323', 'a']],
  ];

  // Written apart and meaning the same: RFC 6122 prepares them alike, and so the operator's token names one user by both.
  const same = new Set(['rené', 'a\u0323\u0307', 'STRA\u1e9eE']);

  it.each(families)('%s', async (_, names) => {
    const byAccount = new Map<string, string>();
    for (const name of names) {
      const account = await accountOf(name);
      if (account === 'token-invalid') continue;
      const key = name.normalize('NFC');
      const before = byAccount.get(account);
      if (before !== undefined && !same.has(key)) expect(key.toLowerCase(), account).toBe(before.toLowerCase());
      byAccount.set(account, key);
      expect(account).toMatch(/^[^\s"&'/:<>@]+@web\.example\.com$/);
    }
  });

  it('but for case, which no XMPP server tells apart', async () => {
    const accounts = await Promise.all(['alice', 'Alice', 'ALICE'].map(accountOf));
    expect(new Set(accounts)).toEqual(new Set(['alice@web.example.com']));
  });

  it('what servers would map to another name is refused: full width, zero width, ends of white space', async () => {
    const refused = [
      '\uff41lice\u200b',
      'ali\u00adce',
      ' alice',
      'alice ',
      'stra\u00dfe',
      'alice\u0000',
      '\u202ealice',
    ];
    for (const name of refused) expect(await accountOf(name), JSON.stringify(name)).toBe('token-invalid');
  });
});

describe('a guest', () => {
  it.each([
    'guest-abc',
    'GUEST-abc',
    'Guest-',
    'guest-',
    '\uff47uest-abc',
    'guest\uff0dabc',
    'gu\u200best-abc',
    'gu\u00adest-abc',
    '\u2067guest-abc',
    ' guest-abc',
    'guest\u2060-abc',
    '\u24d6uest-abc',
    '\u{1d420}uest-abc',
    'g\u034fuest-abc',
  ])('has a name that no token of the operator’s can have: %j', async (name) => {
    expect(await accountOf(name)).toBe('token-invalid');
  });

  it('is let in under a name of ours, never one that it asks for', async () => {
    const client = await JsonClient.connect(at.gateway.url, { client: 'alice', device: 'alice' });
    expect(client.user).toMatch(/^guest-[a-z2-7]{12}@web\.example\.com$/);
    await client.close();
    const other = await JsonClient.connect(at.gateway.url, {});
    expect(other.user).not.toBe(client.user);
    await other.close();
  });

  it('cannot sign itself another guest’s name, or a user’s', async () => {
    const guests = createGuests({ enabled: true, prefix: 'guest-', ttl: 60_000, key: new Uint8Array(32) });
    const { guest } = await guests.create(new Date());
    const client = await JsonClient.open(at.gateway.url);
    client.send({ type: 'connect', id: 1, data: { token: guest?.token } });
    expect(await client.inbox.next()).toMatchObject({ error: { code: 'token-invalid' } });
    expect(await client.closed).toBe(4001);
  });

  it('who changes the name in its own token is refused', async () => {
    const client = await JsonClient.connect(at.gateway.url, {});
    const [header, payload = '', signature] = (client.ready?.token ?? '').split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    await client.close();
    for (const sub of ['guest-aaaaaaaaaaaa', 'alice', 'guest-x/../alice']) {
      const forged = Buffer.from(JSON.stringify({ ...claims, sub })).toString('base64url');
      const thief = await JsonClient.open(at.gateway.url);
      thief.send({ type: 'connect', id: 1, data: { token: `${header}.${forged}.${signature}` } });
      expect(await thief.inbox.next()).toMatchObject({ error: { code: 'token-invalid' } });
      await thief.closed;
    }
  });
});

import { describe, expect, it } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { tokenSecret } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000' });
const ping = { name: 'ping', attrs: { xmlns: 'urn:xmpp:ping' } };
const toDomain = { to: 'web.example.com', type: 'get', payload: ping } as const;

describe('auth.refresh', () => {
  it('takes a newer token of the same user and says when it ends', async () => {
    const alice = await play.gateway.login('alice', { ttlMs: 600_000 });
    const token = await play.gateway.token('alice', { ttlMs: 7200_000 });
    const { expiresAt = '' } = await alice.request('auth.refresh', { token });
    expect(Date.parse(expiresAt) - Date.parse(alice.ready?.expiresAt ?? '')).toBeGreaterThan(6500_000);
    const names = { userClaim: 'sub', scopeClaim: 'scope' };
    expect(
      await alice.request('auth.refresh', { token: await mintToken({ secret: tokenSecret, user: 'alice', ...names }) }),
    ).toEqual({});
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });

  it('knows the user by the account, however the name is written', async () => {
    const alice = await play.gateway.login('Alice');
    expect(alice.user).toBe('alice@web.example.com');
    await alice.request('auth.refresh', { token: await play.gateway.token('ALICE') });
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });

  it.each(['bob', 'alice2', 'alice@web.example.com', 'a'.repeat(1023), ' '])(
    'refuses a token of %j and leaves the session as it was',
    async (user) => {
      const alice = await play.gateway.login('alice');
      const error = await alice.refused('auth.refresh', { token: await play.gateway.token(user) });
      expect(error).toEqual({
        code: 'forbidden',
        message: 'The token is for another user',
        retry: false,
        field: 'token',
      });
      await alice.request('message.send', { to: 'romeo@example.com', body: 'still here' });
      expect((await play.stanzas()).map(({ attrs }) => attrs.from)).toEqual(['alice@web.example.com/web']);
      expect(await alice.rest()).toEqual([]);
      await alice.close();
    },
  );

  it.each([
    ['forged', () => 'eyJhbGciOi.J9.abc', 'token-invalid', 4001],
    ['expired', () => play.gateway.token('alice', { ttlMs: -60_000 }), 'token-expired', 4002],
  ])('with a token that is %s is an error with the id, then the end', async (_what, token, code, closeCode) => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    alice.send({ type: 'auth.refresh', id: 'r', data: { token: await token() } });
    const frames = [{ type: 'error', id: 'r', error: expect.objectContaining({ code, retry: false }) }];
    expect(await lastWords(alice)).toEqual({ code: closeCode, frames });
    expect(await tablet.rest()).toEqual([]);
    await tablet.close();
  });

  it('changes what the token grants, both ways', async () => {
    const alice = await play.gateway.login('alice');
    const refresh = async (scopes: string[]) =>
      alice.request('auth.refresh', { token: await play.gateway.token('alice', { scopes }) });
    expect(await alice.refused('iq.send', toDomain)).toMatchObject({ code: 'forbidden' });
    await refresh(['raw']);
    expect(await alice.request('iq.send', toDomain)).toEqual({ from: 'web.example.com' });
    await refresh(['read']);
    expect(await alice.refused('iq.send', toDomain)).toMatchObject({ code: 'forbidden' });
    await alice.close();
  });

  it('that takes raw away takes away what the session is shown by it', async () => {
    const alice = await play.gateway.login('alice', { scopes: ['raw'], raw: 'full' });
    const attrs = { from: 'romeo@example.com/x', to: alice.user, type: 'chat' };
    const odd = () => el('message', attrs, el('odd', { xmlns: 'urn:example:odd' }));
    const hello = (id: string) => el('message', { ...attrs, id }, el('body', {}, 'hi'));
    play.server.send(odd());
    play.server.send(hello('m1'));
    expect(await alice.next('stanza')).toBeDefined();
    expect(await alice.next('message')).toHaveProperty('stanza');
    await alice.request('auth.refresh', { token: await play.gateway.token('alice') });
    play.server.send(odd());
    play.server.send(hello('m2'));
    const [message, ...more] = [await alice.inbox.next(), ...(await alice.rest())];
    expect(message).toMatchObject({ type: 'message', seq: 3, data: { id: 'm2' } });
    expect(message.data).not.toHaveProperty('stanza');
    expect(more).toEqual([]);
    await alice.close();
  });
});

describe('a token that ends', () => {
  it('is announced, and its socket closed with 4002; one that was refreshed stays', async () => {
    const ttlMs = 1000;
    const [alice, tablet] = [
      await play.gateway.login('alice', { ttlMs }),
      await play.gateway.login('alice', { ttlMs }),
    ];
    for (const client of [alice, tablet]) {
      expect(await client.next('auth.expiring')).toEqual({ expiresAt: client.ready?.expiresAt });
    }
    const { expiresAt } = await alice.request('auth.refresh', { token: await play.gateway.token('alice') });
    expect(await lastWords(tablet)).toEqual({ code: 4002, frames: [] });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(tablet.ready?.expiresAt ?? ''));
    expect(await alice.rest()).toEqual([]);
    expect(expiresAt).toBeDefined();
    await alice.close();
  });

  it('after more than a minute is not announced yet', async () => {
    const alice = await play.gateway.login('alice', { ttlMs: 65_000 });
    expect(await alice.rest()).toEqual([]);
    await alice.request('auth.refresh', { token: await play.gateway.token('alice', { ttlMs: 50_000 }) });
    expect(await alice.next('auth.expiring')).toHaveProperty('expiresAt');
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });
});

describe('session.end', () => {
  it('with an id is ok, then the socket closes with 1000', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    alice.send({ type: 'session.end', id: 'bye' });
    expect(await lastWords(alice)).toEqual({ code: 1000, frames: [{ type: 'ok', id: 'bye' }] });
    expect(await tablet.rest()).toEqual([]);
    await tablet.close();
  });

  it('without one just closes with 1000', async () => {
    const alice = await play.gateway.login('alice');
    alice.send({ type: 'session.end' });
    expect(await lastWords(alice)).toEqual({ code: 1000, frames: [] });
  });

  it('and a close by the client with 1000 leave no session behind', async () => {
    const sessions = async () =>
      /stanzawire_sessions\{state="attached"\} (\d+)/.exec(await play.gateway.metrics())?.[1];
    const before = Number(await sessions());
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    expect(Number(await sessions())).toBe(before + 2);
    alice.send({ type: 'session.end' });
    await alice.closed;
    await tablet.close(1000);
    expect(Number(await sessions())).toBe(before);
  });
});

describe('the user of a token', () => {
  it.each([
    ['alice', 'alice'],
    ['Alice', 'alice'],
    ['ÄNNE', 'änne'],
    ['alice@corp.example', 'alice\\40corp.example'],
    ["d'artagnan", 'd\\27artagnan'],
    ['a b/c:d<e>f&g"h', 'a\\20b\\2fc\\3ad\\3ce\\3ef\\26g\\22h'],
    ['a\\40b', 'a\\5c40b'],
    ['дядя', 'дядя'],
    ['משה', 'משה'],
    ['7', '7'],
  ])('%j becomes the account %j, on both sides', async (name, local) => {
    const client = await play.gateway.login(name);
    expect(client.user).toBe(`${local}@web.example.com`);
    await client.request('message.send', { to: 'romeo@example.com', body: 'hi' });
    expect((await play.stanzas()).map(({ attrs }) => attrs.from)).toEqual([`${local}@web.example.com/web`]);
    play.server.send(
      el('message', { from: 'romeo@example.com/x', to: client.user, type: 'chat' }, el('body', {}, 'hi')),
    );
    expect(await client.next('message')).toMatchObject({ to: client.user, body: 'hi' });
    await client.close();
  });

  it('is one account, however it is written', async () => {
    const [one, other] = [await play.gateway.login('ALICE'), await play.gateway.login('alice')];
    await one.request('message.send', { to: 'romeo@example.com', id: 'a', body: 'hi' });
    expect(await other.next('message')).toMatchObject({ id: 'a', outgoing: true, from: 'alice@web.example.com' });
    await Promise.all([one.close(), other.close()]);
  });

  it.each([
    ['a space at its end', 'alice '],
    ['a control character', 'al\u0007ice'],
    ['a character that cannot be seen', 'al\u00adice'],
    ['a variation selector', 'al\ufe0fice'],
    ['a zero-width joiner', 'al\u200dice'],
    ['a character that servers fold into others', 'straße'],
    ['an emoji', 'alice😀'],
    ['two directions of writing', 'aאb'],
    ['1,024 bytes when escaped', '@'.repeat(342)],
    ['a lone surrogate', 'a\ud800'],
  ])('with %s is refused with the reason', async (_what, name) => {
    const client = await JsonClient.open(play.gateway.url);
    client.send({ type: 'connect', id: 1, data: { token: await play.gateway.token(name) } });
    const message = 'The user name in the token cannot be part of a JID';
    const error = { code: 'token-invalid', message, retry: false, field: 'token' };
    expect(await lastWords(client)).toEqual({ code: 4001, frames: [{ type: 'error', id: 1, error }] });
  });
});

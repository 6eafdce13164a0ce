import { describe, expect, it } from 'vitest';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_AUTH_GUEST_ENABLED: 'true' });
const guestName = /^guest-[a-z2-7]{12}@web\.example\.com$/;
const connect = (data: object = {}) => JsonClient.connect(play.gateway.url, data);
const counted = async (method: string, result: string) =>
  new RegExp(`auth_attempts_total\\{method="${method}",result="${result}"\\} (\\d+)`).exec(
    await play.gateway.metrics(),
  )?.[1];

describe('a guest', () => {
  it('connects without a token and gets a name and a token', async () => {
    const [one, other] = [await connect(), await connect()];
    expect(one.user).toMatch(guestName);
    expect(other.user).toMatch(guestName);
    expect(one.user).not.toBe(other.user);
    expect(one.ready).toMatchObject({ token: expect.any(String), expiresAt: expect.any(String) });
    expect(await one.rest()).toEqual([]);
    await Promise.all([one.close(), other.close()]);
  });

  it('is the same guest with that token, which is not told again, and is counted as a guest', async () => {
    const before = [await counted('guest', 'ok'), await counted('jwt', 'ok')].map(Number);
    const first = await connect();
    const { token } = first.ready ?? {};
    const again = await connect({ token });
    expect(again.user).toBe(first.user);
    expect(again.ready).not.toHaveProperty('token');
    const after = [await counted('guest', 'ok'), await counted('jwt', 'ok')].map(Number);
    expect(after).toEqual([(before[0] ?? 0) + 2, before[1]]);
    await Promise.all([first.close(), again.close()]);
  });

  it('chats like anybody, has no scope, and refreshes with its own token only', async () => {
    const guest = await connect();
    await guest.request('message.send', { to: 'romeo@example.com', body: 'hi' });
    expect((await play.stanzas()).map(({ attrs }) => attrs.from)).toEqual([`${guest.user}/web`]);
    const query = { to: 'example.com', type: 'get', payload: { name: 'ping', attrs: { xmlns: 'urn:xmpp:ping' } } };
    expect(await guest.refused('iq.send', query)).toMatchObject({ code: 'forbidden' });
    expect(await guest.request('auth.refresh', { token: guest.ready?.token ?? '' })).toEqual({
      expiresAt: guest.ready?.expiresAt,
    });
    const other = await connect();
    expect(await guest.refused('auth.refresh', { token: other.ready?.token })).toMatchObject({ code: 'forbidden' });
    expect(await guest.rest()).toEqual([]);
    await Promise.all([guest.close(), other.close()]);
  });

  it('cannot be impersonated by a user of that name, however it is written', async () => {
    for (const name of ['guest-abc', 'Guest-ABC', 'GUEST-', 'ｇuest-x', 'gu\u00adest-x']) {
      const client = await JsonClient.open(play.gateway.url);
      client.send({ type: 'connect', id: 1, data: { token: await play.gateway.token(name) } });
      const error = { code: 'token-invalid', message: 'The token is not valid', retry: false };
      expect(await lastWords(client)).toEqual({ code: 4001, frames: [{ type: 'error', id: 1, error }] });
    }
    const real = await play.gateway.login('guestavo');
    expect(real.user).toBe('guestavo@web.example.com');
    await real.close();
  });

  it('whose token was tampered with is refused', async () => {
    const guest = await connect();
    const [header, payload, signature = ''] = guest.ready?.token?.split('.') ?? [];
    const client = await JsonClient.open(play.gateway.url);
    client.send({
      type: 'connect',
      data: { token: `${header}.${payload}.${signature.split('').toReversed().join('')}` },
    });
    expect(await lastWords(client)).toMatchObject({ code: 4001, frames: [{ error: { code: 'token-invalid' } }] });
    await guest.close();
  });

  it('is nobody where guests are not let in any more', async () => {
    const guest = await connect();
    await guest.close();
    await play.restart({});
    for (const data of [{}, { token: guest.ready?.token }]) {
      const client = await JsonClient.open(play.gateway.url);
      client.send({ type: 'connect', data });
      expect(await lastWords(client)).toMatchObject({ code: 4001, frames: [{ error: { code: 'token-invalid' } }] });
    }
    const named = await play.gateway.login('guest-abc');
    expect(named.user).toBe('guest-abc@web.example.com');
    await named.close();
  });
});

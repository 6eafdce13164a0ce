import { expect, test } from 'vitest';
import { ApiClient, apiKey } from '../support/api.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
const api = () => new ApiClient(at.gateway.internalUrl);

test('sessions are listed, the oldest first, of all accounts or of one, page by page', async () => {
  const alice = await at.gateway.login('alice', { device: 'phone', client: 'acme/1', presence: { show: 'away' } });
  const again = await at.gateway.login('alice', { presence: false });
  const bob = await at.gateway.login('bob', {});
  const own = await api().call('listSessions', { query: { account: 'alice' } });
  expect(own).toEqual({
    items: [
      {
        session: alice.ready?.session,
        jid: 'alice@web.example.com',
        device: 'phone',
        client: 'acme/1',
        attached: true,
        active: true,
        since: expect.any(String),
        presence: { show: 'away' },
      },
      {
        session: again.ready?.session,
        jid: 'alice@web.example.com',
        attached: true,
        active: true,
        since: expect.any(String),
      },
    ],
    last: expect.any(String),
    complete: true,
  });
  const seen: string[] = [];
  let after = '';
  for (let complete = false; !complete; ) {
    const page = await api().call('listSessions', { query: { max: 1, ...(after === '' ? {} : { after }) } });
    seen.push(...page.items.map(({ session }) => session));
    after = page.last ?? '';
    complete = page.complete;
  }
  expect(seen.slice(-3)).toEqual([alice, again, bob].map(({ ready }) => ready?.session));
  expect(await api().refused('listSessions', { query: { account: 'nobody' } })).toMatchObject({ status: 404 });
  await Promise.all([alice.close(), again.close(), bob.close()]);
});

test('a session that is ended is closed with 4003 and cannot be resumed; the others go on', async () => {
  const carl = await at.gateway.login('carl', {});
  const other = await at.gateway.login('carl', {});
  const session = carl.ready?.session ?? '';
  await api().call('endSession', { params: { session } });
  expect(await carl.closed).toBe(4003);
  const back = await at.gateway.login('carl', { resume: { session, seq: 0 } });
  expect(back.ready).toMatchObject({ resumed: false, reason: 'unknown' });
  expect((await other.request('session.list', {})).items).toHaveLength(2);
  expect(await api().refused('endSession', { params: { session } })).toMatchObject({
    status: 404,
    error: { code: 'item-not-found', field: 'session' },
  });
  await Promise.all([other.close(), back.close()]);
});

test('all sessions of an account are ended, also those whose client is about to come back', async () => {
  const dan = await at.gateway.login('dan', {});
  const gone = await at.gateway.login('dan', {});
  gone.ws.terminate();
  await expect.poll(async () => (await api().call('getPresence', { params: { account: 'dan' } })).attached).toBe(1);
  expect(await api().call('endSessions', { params: { account: 'dan' } })).toEqual({ ended: 2 });
  expect(await dan.closed).toBe(4003);
  const [resume] = [{ session: gone.ready?.session ?? '', seq: 0 }];
  const back = await at.gateway.login('dan', { resume });
  expect(back.ready?.resumed).toBe(false);
  expect(await api().call('endSessions', { params: { account: 'dan' } })).toEqual({ ended: 1 });
});

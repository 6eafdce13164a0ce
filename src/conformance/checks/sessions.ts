/** §3 Connect, refresh, sessions; §4 Heartbeat and acks. */
import { expect, same, section } from '../check.ts';

const snapshots = ['contacts', 'chats', 'rooms', 'blocks', 'profile'] as const;
/** A close by which a client keeps its session. */
const kept = 4202;

export const connect = section(3, {
  'connect.ready': [
    'the first ready tells the session, the limits, and how it can be resumed',
    async (lab) => {
      const { ready } = await lab.connect();
      same(ready.resumed, false, 'resumed');
      for (const key of ['limits', 'resume', 'features', 'services', 'archive'] as const) {
        expect(ready[key] !== undefined, `ready has no ${key}`);
      }
      expect(/^[^/@]+@[^/]+$/.test(ready.user), `user is ${ready.user}, and should be a bare JID`);
      expect(ready.session.length >= 16, `the session's id is short enough to be guessed: ${ready.session}`);
      expect(ready.heartbeatMs > 0, 'heartbeatMs is not positive');
    },
  ],
  'connect.bad-token': [
    'a bad token is the error token-invalid, then close 4001',
    async (lab) => {
      const wire = await lab.open();
      const { error } = await lab.hello(wire, { token: 'forged' });
      same(error?.code, 'token-invalid', 'the code');
      await lab.closes(wire, 4001);
    },
  ],
  'connect.expired-token': [
    'a token that has ended is the error token-expired, then close 4002',
    async (lab) => {
      const wire = await lab.open();
      const { error } = await lab.hello(wire, { token: lab.facts.expired });
      same(error?.code, 'token-expired', 'the code');
      await lab.closes(wire, 4002);
    },
    'expired',
  ],
  'connect.no-token': [
    'without a token one is a guest, who gets one, or nobody',
    async (lab) => {
      const wire = await lab.open();
      const { error, data } = await lab.hello(wire, { presence: false });
      if (!error) {
        const { token } = data as { token?: string };
        expect(token !== undefined, 'the ready of a guest has no token');
        return;
      }
      same(error.code, 'token-invalid', 'the code');
      await lab.closes(wire, 4001);
    },
  ],
  'connect.guest': [
    'a guest who comes back with the token is the same one',
    async (lab) => {
      const wire = await lab.open();
      const { error } = await lab.hello(wire, { presence: false });
      if (error) return;
      const guest = await lab.session(await lab.open(), { presence: false });
      const again = await lab.session(await lab.open(), { presence: false, token: guest.ready.token ?? '' });
      same(again.user, guest.user, 'the user');
    },
  ],
  'connect.header': [
    'the token may come in the Authorization header of the upgrade',
    async (lab) => {
      const wire = await lab.open('a', { headers: { authorization: `Bearer ${lab.token('a')}` } });
      same((await lab.session(wire, { presence: false })).user, lab.user('a'), 'the user');
    },
    'token',
  ],
  'connect.wrong-field': [
    'a connect with a wrong field is a bad-request that names it, and a better one may follow',
    async (lab) => {
      const wire = await lab.open('a');
      const { error } = await lab.hello(wire, { token: lab.token('a'), want: ['everything'] });
      same(error?.code, 'bad-request', 'the code');
      same(error && 'field' in error && error.field, 'want.0', 'the field');
      wire.send({ type: 'session.list', id: 'early' });
      const early = await wire.next(({ id }) => id === 'early', 'an error');
      same(early.error?.code, 'not-connected', 'the code for a frame behind it');
      await lab.session(wire, { token: lab.token('a'), presence: false });
    },
    'token',
  ],
  'connect.twice': [
    'a second connect is closed with 4005',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.send({ type: 'connect', data: { token: 'any' } });
      await lab.closes(wire, 4005);
    },
  ],
  'connect.want': [
    'the snapshots that are wanted are in ready',
    async (lab) => {
      const { ready } = await lab.connect('a', { want: [...snapshots] });
      for (const key of [...snapshots, 'requests', 'invites'] as const)
        expect(ready[key] !== undefined, `ready has no ${key}`);
    },
  ],
  'connect.no-want': [
    'snapshots that are not wanted are not',
    async (lab) => {
      const { ready } = await lab.connect();
      for (const key of [...snapshots, 'requests', 'invites'] as const)
        expect(ready[key] === undefined, `ready has ${key}`);
    },
  ],
  'connect.features': [
    'features that are not known are not granted, nor those that were not asked for',
    async (lab) => {
      const asked = await lab.connect('a', { features: ['ack', 'telepathy'] });
      same(asked.ready.features, ['ack'], 'ready.features');
      same((await lab.connect()).ready.features, [], 'ready.features of a client without any');
    },
  ],
  'connect.raw': [
    'raw in connect needs the scope raw',
    async (lab) => {
      const { error } = await lab.hello(await lab.open('b'), { token: lab.token('b'), raw: 'full' });
      same(error?.code, 'forbidden', 'the code');
    },
    'tame',
  ],
  'session.end': [
    'session.end is answered with ok, then the socket is closed with 1000',
    async (lab) => {
      const session = await lab.connect();
      await session.request('session.end', {});
      await lab.closes(session.wire, 1000);
      same((await lab.resume('a', session)).ready.reason, 'unknown', 'why it cannot be resumed');
    },
  ],
  'session.end-other': [
    'session.end ends another session of the account with 1000, and knows no foreign one',
    async (lab) => {
      const [one, other, foreign] = [await lab.connect(), await lab.connect(), await lab.connect('b')];
      await one.request('session.end', { session: other.id });
      await lab.closes(other.wire, 1000);
      await one.refused('session.end', { session: foreign.id }, 'item-not-found');
      await foreign.settle();
    },
    'b',
  ],
  'session.list': [
    'session.list shows the own sessions: which is the current one, its device, whether it has a socket',
    async (lab) => {
      const device = lab.unique('device').slice(0, 60);
      const [one, other] = [await lab.connect('a', { device, client: 'conformance' }), await lab.connect()];
      await other.wire.close(kept);
      const { items } = await one.request('session.list', {});
      const mine = items.find(({ session }) => session === one.id);
      same(
        [mine?.device, mine?.current, mine?.attached, mine?.client],
        [device, true, true, 'conformance'],
        'the own session',
      );
      const theirs = items.find(({ session }) => session === other.id);
      same([theirs?.current, theirs?.attached], [false, false], 'current and attached of the detached session');
      await one.request('session.end', { session: other.id });
    },
  ],
  'session.close-1000': [
    'a close by the client with 1000 ends the session',
    async (lab) => {
      const session = await lab.connect();
      await session.wire.close(1000);
      same((await lab.resume('a', session)).ready.reason, 'unknown', 'why it cannot be resumed');
    },
  ],
  'refresh.same': [
    'auth.refresh takes a token of the same user',
    async (lab) => {
      const session = await lab.connect();
      const { expiresAt } = await session.request('auth.refresh', { token: lab.token('a') });
      same(expiresAt, session.ready.expiresAt, 'expiresAt of the same token');
    },
    'token',
  ],
  'refresh.other': [
    "auth.refresh refuses another user's token with forbidden, and the session goes on",
    async (lab) => {
      const session = await lab.connect();
      await session.refused('auth.refresh', { token: lab.token('b') }, 'forbidden');
      await session.settle();
    },
    'token',
    'b',
  ],
  'refresh.bad': [
    'a bad token in auth.refresh is token-invalid, then close 4001',
    async (lab) => {
      const session = await lab.connect();
      await session.refused('auth.refresh', { token: 'forged' }, 'token-invalid');
      await lab.closes(session.wire, 4001);
    },
  ],
  'refresh.expiring': [
    'a token that ends soon is told of at once; when it has ended the socket is closed with 4002, and a new one resumes',
    async (lab) => {
      const wire = await lab.open('a');
      const token = await lab.sign(2000);
      const session = await lab.session(wire, { token, presence: false });
      same((await session.next('auth.expiring')).expiresAt, session.ready.expiresAt, 'expiresAt');
      await lab.closes(wire, 4002, 20_000);
      same((await lab.resume('a', session)).ready.resumed, true, 'resumed with a new token');
    },
    'sign',
  ],
  'refresh.in-time': [
    'a token that is refreshed in time does not end the socket',
    async (lab) => {
      const wire = await lab.open('a');
      const session = await lab.session(wire, { token: await lab.sign(2000), presence: false });
      await session.next('auth.expiring');
      const { expiresAt = '' } = await session.request('auth.refresh', { token: await lab.sign(600_000) });
      expect(expiresAt > (session.ready.expiresAt ?? ''), `expiresAt is ${expiresAt}`);
      const closed = await wire.closed(8000).catch(() => undefined);
      same(closed, undefined, 'the close code');
    },
    'sign',
    'slow',
  ],
});

export const heartbeat = section(4, {
  'heartbeat.pong': [
    'a ping with an id is answered by a pong with that id',
    async (lab) => same((await (await lab.connect()).ask('ping')).type, 'pong', 'the answer'),
  ],
  'heartbeat.ack': [
    'acks and pongs are taken, and wrong ones refused',
    async (lab) => {
      const { wire } = await lab.connect('a', { features: ['ack'] });
      wire.send({ type: 'ack', data: { seq: wire.seq } });
      wire.send({ type: 'pong', data: { seq: wire.seq } });
      wire.send({ type: 'pong' });
      wire.send({ type: 'ack', id: 'wrong', data: { seq: -1 } });
      const { error } = await wire.next(({ type }) => type === 'error', 'an error');
      same(error?.code, 'bad-request', 'the code');
    },
  ],
  'heartbeat.ping': [
    'a gateway that hears nothing for heartbeatMs sends ping',
    async (lab) => {
      const { wire, ready } = await lab.connect();
      await wire.next(({ type }) => type === 'ping', 'a ping', ready.heartbeatMs + 10_000);
    },
    'slow',
  ],
  'heartbeat.dead': [
    'a client that is silent for 2 × heartbeatMs is closed with 4101',
    async (lab) => {
      const { wire, ready } = await lab.connect();
      wire.silent = true;
      await lab.closes(wire, 4101, 2 * ready.heartbeatMs + 10_000);
    },
    'slow',
  ],
  'heartbeat.receipt': [
    'a message that was taken is receipted to its sender: delivered',
    async (lab) => {
      const [a, b] = [
        await lab.connect('a', { features: ['ack'] }),
        await lab.connect('b', { features: ['ack'], presence: {} }),
      ];
      const first = lab.unique();
      await b.say(a.user, first);
      await a.heard(first);
      const text = lab.unique();
      const { id } = await a.say(b.user, text);
      await b.heard(text);
      b.wire.send({ type: 'ack', data: { seq: b.wire.seq } });
      const receipt = await a.next('receipt', (one) => one.id === id);
      same([receipt.status, receipt.chat], ['delivered', b.user], 'status and chat of the receipt');
    },
    'b',
  ],
});

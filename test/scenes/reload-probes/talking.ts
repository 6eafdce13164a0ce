/** Probes of what connected clients may do, and how much of it: accounts, sessions, limits. */
import { el, serialize } from '../../../src/xmpp/stanza.ts';
import { until } from '../../soak/until.ts';
import { JsonClient } from '../../support/json-client.ts';
import { clientFrame, opcodes, type RawFrame, RawSocket } from '../../support/raw-socket.ts';
import { type Probes, type ReloadScene, someone } from './scene.ts';

const romeo = 'romeo@example.com';

export function talking(at: ReloadScene): Probes {
  return { ...accounts(at), ...sessions(at), ...requests(at), ...readers(at) };
}

function accounts(at: ReloadScene): Probes {
  return {
    'xmpp.pace': {
      to: '1',
      see: async () => {
        const user = someone();
        const jid = `${user}@web.example.com`;
        const friends = Array.from({ length: 8 }, (_, i) => `friend-${i}@example.com`);
        const client = await at.gateway.login(user);
        for (const from of friends) {
          at.server.send(el('presence', { from, to: jid, type: 'subscribe' }));
          await client.next('contact.request');
          await client.request('contact.approve', { jid: from });
        }
        await client.request('session.end', {});
        await client.closed;
        const first = at.server.received.length;
        const back = await at.gateway.login(user);
        const told = () => {
          const all = at.server.received.slice(first).filter(({ name, attrs }) => name === 'presence' && !attrs.type);
          return new Set(all.map(({ attrs }) => attrs.to)).size === friends.length;
        };
        // At one a second eight take seven.
        const all = await until(told, 4000, 'presence to all').then(
          () => true,
          () => false,
        );
        await back.close();
        return all;
      },
      before: true,
      after: false,
    },
    'accounts.unknown': {
      to: 'store',
      see: async () => {
        const id = crypto.randomUUID();
        const message = { from: romeo, to: `${id}@web.example.com`, id, type: 'chat' };
        at.server.send(el('message', message, el('body', {}, 'hi')));
        await passed(at);
        return at.server.received.some(({ attrs }) => attrs.id === id && attrs.type === 'error');
      },
      before: true,
      after: false,
    },
    'accounts.reportsTo': {
      to: 'abuse@example.com',
      see: () => at.answered('block.add', { jids: ['eve@example.com'], report: 'spam' }),
      before: 'feature-not-implemented',
      after: 'ok',
    },
    'accounts.routeLocally': {
      to: 'false',
      see: async () => {
        const [alice, bob] = [await at.gateway.login('alice'), await at.gateway.login('bob')];
        const body = crypto.randomUUID();
        await alice.request('message.send', { to: bob.user, body });
        await Promise.all([alice.close(), bob.close()]);
        return at.server.received.some((stanza) => serialize(stanza).includes(body));
      },
      before: false,
      after: true,
    },
  };
}

function sessions(at: ReloadScene): Probes {
  return {
    'sessions.resumeWindow': {
      to: '5s',
      see: () => at.ready((one) => one.resume?.windowMs),
      before: 60_000,
      after: 5000,
    },
    'sessions.maxEvents': { to: '7', see: () => at.ready((one) => one.resume?.maxEvents), before: 2000, after: 7 },
    'sessions.heartbeat': { to: '9s', see: () => at.ready((one) => one.heartbeatMs), before: 25_000, after: 9000 },
    'sessions.perAccount': {
      to: '1',
      see: async () => {
        const first = await at.gateway.login('alice', { presence: false });
        const last = await JsonClient.open(at.gateway.url);
        last.send({ type: 'connect', id: 1, data: { token: await at.gateway.token('alice') } });
        const came = last.inbox.next(({ type }) => type === 'ready').then(() => 'ready');
        const seen = await Promise.race([last.closed, came]);
        await Promise.all([first.close(), last.close()]);
        return seen;
      },
      before: 'ready',
      after: 4009,
    },
  };
}

function requests(at: ReloadScene): Probes {
  /** What the second of two is answered, which come together. */
  const second = async (frame: object): Promise<unknown> => {
    const client = await at.gateway.login('alice', { presence: false });
    client.burst({ ...frame, id: 'first' }, { ...frame, id: 'second' });
    const { type, error } = await client.inbox.next(({ id }) => id === 'second');
    await client.close();
    return error?.code ?? type;
  };
  const message = (body: string) => ({ to: romeo, body });
  return {
    'limits.frame': { to: '2KiB', see: () => at.closeOf(`"${'x'.repeat(3000)}"`), before: 4000, after: 1009 },
    'limits.batch': {
      to: '1',
      see: async () => {
        const client = await at.gateway.login('alice', { presence: false });
        client.send([{ type: 'ping' }, { type: 'ping', id: 'last' }]);
        return Promise.race([client.closed, client.inbox.next(({ id }) => id === 'last').then(() => client.close())]);
      },
      before: 1000,
      after: 4000,
    },
    'limits.burst': { to: '1', see: () => second({ type: 'ping' }), before: 'pong', after: 'rate-limited' },
    'limits.rate': { to: '1', see: () => at.ready((one) => one.limits?.rate.perSecond), before: 20, after: 1 },
    'limits.inFlight': {
      to: '1',
      see: () => second({ type: 'message.send', data: message('hi') }),
      before: 'ok',
      after: 'rate-limited',
    },
    'limits.stanza': {
      to: '10000',
      see: () => at.answered('message.send', message('x'.repeat(12_000))),
      before: 'ok',
      after: 'too-large',
    },
    'limits.historyMax': { to: '3', see: () => at.ready((one) => one.limits?.historyMax), before: 100, after: 3 },
    'limits.sendTimeout': {
      to: '4s',
      see: () => at.ready((one) => one.limits?.sendTimeoutMs),
      before: 30_000,
      after: 4000,
    },
    'limits.sockets': { to: '7', see: () => at.metric('stanzawire_sockets_limit'), before: '20000', after: '7' },
  };
}

/** Clients that read nothing, while more is sent to each than the kernel holds for it. */
function readers(at: ReloadScene): Probes {
  const body = 'x'.repeat(128 * 1024);
  const connect = async () => {
    const [user, socket] = [someone(), await RawSocket.upgrade(at.gateway.url)];
    const data = { token: await at.gateway.token(user), presence: false };
    socket.send(clientFrame(JSON.stringify({ type: 'connect', data })));
    await socket.next();
    socket.tcp.pause();
    return { socket, to: `${user}@web.example.com/web` };
  };
  const isCutOff = async (socket: RawSocket): Promise<boolean> => {
    socket.tcp.resume();
    socket.send(clientFrame('{"type":"ping","id":"last"}'));
    const isEnd = ({ opcode, payload }: RawFrame) => opcode === opcodes.close || payload.includes('"last"');
    const cut = await socket.frames.next(isEnd, 60_000).then(
      ({ opcode }) => opcode === opcodes.close,
      () => socket.closed.then(() => true),
    );
    socket.end();
    return cut;
  };
  const anyCutOff = (count: number) => async () => {
    const clients = await Promise.all(Array.from({ length: count }, connect));
    for (let i = 0; i < 80; i++) {
      const message = { from: romeo, type: 'headline', id: `${i}` };
      for (const { to } of clients) at.server.send(el('message', { ...message, to }, el('body', {}, body)));
    }
    await passed(at, 60_000);
    return (await Promise.all(clients.map(({ socket }) => isCutOff(socket)))).includes(true);
  };
  // What a session keeps for a resume is another bound.
  const none = { STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s', STANZAWIRE_SESSIONS_MAX_EVENTS: '0' };
  return {
    'limits.resumeTotal': {
      to: '1MiB',
      see: async () => {
        const clients = await Promise.all(Array.from({ length: 3 }, () => at.gateway.login(someone())));
        for (const { user: to } of clients) {
          for (let i = 0; i < 4; i++) {
            const message = { from: romeo, to, type: 'chat', id: `${to} ${i}` };
            at.server.send(el('message', message, el('body', {}, body)));
          }
        }
        for (const client of clients) await client.next('message', ({ id }) => id === `${client.user} 3`, 20_000);
        const bytes = Number(await at.metric('stanzawire_session_kept_bytes'));
        await Promise.all(clients.map((client) => client.close()));
        return bytes <= 1024 ** 2;
      },
      before: false,
      after: true,
    },
    'limits.outbound': { with: none, to: '64MiB', see: anyCutOff(1), before: true, after: false },
    'limits.outboundTotal': {
      with: { ...none, STANZAWIRE_LIMITS_OUTBOUND: '16MiB' },
      to: '16MiB',
      see: anyCutOff(5),
      before: false,
      after: true,
    },
  };
}

/** Waits until all that the server has sent before is handled, and what it made the gateway say is there. */
async function passed({ server }: ReloadScene, ms?: number): Promise<void> {
  const id = crypto.randomUUID();
  const ping = el('ping', { xmlns: 'urn:xmpp:ping' });
  server.send(el('iq', { from: romeo, to: 'web.example.com', id, type: 'get' }, ping));
  await server.next(({ attrs }) => attrs.id === id, ms);
}

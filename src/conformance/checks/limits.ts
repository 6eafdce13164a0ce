/** §6 What ok means, message ids; §7 Limits, errors, close codes. */
import { expect, Failure, Skip, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';

const mostSessions = 100;
/** In each of three rounds; the socket's buffers at both ends take a good part of them. */
const mostUnread = 60;

async function limitsOf(lab: Lab) {
  const session = await lab.connect();
  const { limits } = session.ready;
  if (!limits) throw new Failure('ready has no limits');
  return { session, limits };
}

export const ids = section(6, {
  'ids.own': [
    "the client's data.id is the message's one id, on both sides",
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const [id, text] = [lab.unique('m'), lab.unique()];
      const sent = await a.say(b.user, text, { id });
      const heard = await b.heard(text);
      same([sent.id, sent.chat, heard.id, heard.chat, heard.from], [id, b.user, id, a.user, a.user], 'ids and chats');
    },
    'b',
  ],
  'ids.made': [
    'a message without data.id gets an id, the same on both sides',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const text = lab.unique();
      const { id } = await a.say(b.user, text);
      same((await b.heard(text)).id, id, 'the id at the receiver');
    },
    'b',
  ],
  'ids.repeat': [
    'a message that is sent again with its data.id gets the first ok, and arrives once',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const [id, text] = [lab.unique('m'), lab.unique()];
      const first = await a.say(b.user, text, { id });
      same(await a.say(b.user, text, { id }), first, 'the second ok');
      await a.wire.close();
      same(await (await lab.connect()).say(b.user, text, { id }), first, 'the ok of another session');
      await b.heard(text);
      await b.none('message', ({ body }) => body === text);
    },
    'b',
  ],
  'ids.conflict': [
    'a data.id with other content is a conflict',
    async (lab) => {
      const a = await lab.connect();
      const id = lab.unique('m');
      await a.say(a.user, 'one', { id });
      await a.refused('message.send', { to: a.user, id, body: 'two' }, 'conflict');
    },
  ],
  'ids.order': [
    'messages arrive in the order in which they were sent',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const mark = lab.unique();
      const texts = Array.from({ length: 20 }, (_, i) => `${mark} ${i}`);
      await Promise.all(texts.map((text) => a.say(b.user, text)));
      const heard: unknown[] = [];
      for (const _ of texts) heard.push((await b.next('message', ({ body }) => body?.startsWith(mark) === true)).body);
      same(heard, texts, 'the order');
    },
    'b',
  ],
  'ids.bounce': [
    'a message to nobody at the XMPP server is refused before its ok',
    async (lab) => {
      const a = await lab.connect();
      const to = `${lab.unique('nobody')}@${lab.facts.server}`;
      const error = await a.refused(
        'message.send',
        { to, body: 'anyone?' },
        'service-unavailable',
        'item-not-found',
        'recipient-unavailable',
      );
      same(error.by, to, 'who refused');
    },
    'server',
  ],
  'ids.unknown-account': [
    'a message to an account that never connected is service-unavailable, or kept for it',
    async (lab) => {
      const a = await lab.connect();
      const to = `${lab.unique('nobody')}@${a.user.split('@')[1]}`;
      const { error } = await a.ask('message.send', { to, body: 'anyone?' });
      expect(error === undefined || error.code === 'service-unavailable', `it is refused with ${error?.code}`);
    },
  ],
});

export const limits = section(7, {
  'limits.announced': [
    'every limit is in ready.limits, and is positive',
    async (lab) => {
      const { limits } = await limitsOf(lab);
      const { frameBytes, batch, inFlight, rate, historyMax, sendTimeoutMs } = limits;
      for (const limit of [frameBytes, batch, inFlight, rate.perSecond, rate.burst, historyMax, sendTimeoutMs]) {
        expect(limit > 0, `a limit is ${limit}`);
      }
    },
  ],
  'limits.frame': [
    'a frame of frameBytes is taken, a longer one is closed with 1009',
    async (lab) => {
      const { session, limits } = await limitsOf(lab);
      const frame = (bytes: number) => {
        const empty = JSON.stringify({ type: 'ping', id: 'long', data: { pad: '' } });
        return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
      };
      session.wire.send(frame(limits.frameBytes));
      await session.answer('long', 'ping');
      session.wire.send(frame(limits.frameBytes + 1));
      await lab.closes(session.wire, 1009);
    },
  ],
  'limits.rate': [
    'who asks faster than rate allows gets rate-limited with retryAfterMs, and is heard again after it',
    async (lab) => {
      const { session, limits } = await limitsOf(lab);
      const many = Array.from({ length: limits.rate.burst + 30 }, (_, i) => session.ask('session.list', {}, `r${i}`));
      const refused = (await Promise.all(many)).flatMap(({ error }) => (error ? [error] : []));
      expect(refused.length > 0, `${many.length} requests at once were all carried out`);
      for (const error of refused) {
        same([error.code, error.retry], ['rate-limited', true], 'code and retry');
        expect('retryAfterMs' in error && Number(error.retryAfterMs) > 0, 'there is no retryAfterMs');
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 / limits.rate.perSecond + 200));
      await session.request('session.list', {});
    },
  ],
  'limits.rate-close': [
    'who goes on regardless, 100 times in 10 seconds, is closed with 4103',
    async (lab) => {
      const { session, limits } = await limitsOf(lab);
      for (let i = 0; i < limits.rate.burst + 200; i++) session.wire.send({ type: 'session.list', id: i });
      await lab.closes(session.wire, 4103);
    },
  ],
  'limits.sessions': [
    'an account with too many sessions gets no more: close 4009',
    async (lab) => {
      for (let i = 0; i < mostSessions; i++) {
        const wire = await lab.open('c');
        wire.send({ type: 'connect', id: 'connect', data: { token: lab.token('c'), presence: false } });
        const first = await Promise.race([wire.next(({ id }) => id === 'connect', 'ready'), wire.closed()]).catch(() =>
          wire.closed(),
        );
        if (typeof first === 'number') return same(first, 4009, 'the close code');
      }
      throw new Skip(`${mostSessions} sessions of one account are not too many`);
    },
    'c',
    'token',
  ],
  'limits.slow-consumer': [
    'a client that does not read is closed with 4102, and nobody else waits for it',
    async (lab) => {
      const slow = await lab.connect('c');
      slow.wire.ws.pause();
      const { frameBytes = 0, rate, inFlight = 0 } = slow.ready.limits ?? {};
      const each = Math.min(mostUnread, rate?.burst ?? 0, inFlight);
      for (let round = 0; round < 3; round++) {
        const writer = await lab.connect();
        const body = 'x'.repeat(frameBytes - 1000);
        await Promise.all(Array.from({ length: each }, () => writer.say(slow.user, body)));
        await writer.wire.close();
      }
      slow.wire.ws.resume();
      const code = await slow.wire.closed().catch(() => 'none');
      // What waits for a reader that never reads is in the way of the close frame too.
      if (code !== 4102) throw new Skip(`after ${3 * each} long messages the close code that came is ${code}`);
      const back = await lab.connect('c', { resume: { session: slow.id, seq: slow.wire.seq } });
      expect(back.ready.resumed || back.ready.reason === 'gap', `it cannot be resumed: ${back.ready.reason}`);
    },
    'c',
    'slow',
  ],
  'limits.history': [
    'a page of history has at most historyMax items',
    async (lab) => {
      const { session, limits } = await limitsOf(lab);
      const { items } = await session.request('history.get', { max: 1_000_000 });
      expect(items.length <= limits.historyMax, `it has ${items.length} items`);
    },
  ],
  'errors.field': [
    'a bad-request names the field, by its dotted path',
    async (lab) => {
      const { session } = await limitsOf(lab);
      await session.refusedField('message.send', { body: 'to whom?' }, 'to');
      await session.refusedField('message.send', { to: 7, body: 'x' }, 'to');
      await session.refusedField('message.send', { to: session.user, body: 'x', reply: { to: 'a@b' } }, 'reply.id');
      await session.refusedField(
        'message.send',
        { to: session.user, body: 'x', mentions: [{ begin: 0 }] },
        'mentions.0.jid',
      );
    },
  ],
  'errors.jid': [
    'an address that cannot exist is jid-malformed',
    async (lab) => {
      const { session } = await limitsOf(lab);
      await session.refused('message.send', { to: 'a@b@c', body: 'x' }, 'jid-malformed', 'bad-request');
      await session.refused('contact.add', { jid: '@' }, 'jid-malformed', 'bad-request');
    },
  ],
  'errors.nothing-to-say': [
    'a message with nothing in it is a bad-request',
    async (lab) => {
      const { session } = await limitsOf(lab);
      await session.refused('message.send', { to: session.user }, 'bad-request');
    },
  ],
});

/** §1 Transport, §2 Envelope, §8 Batches: what is a frame, and what happens to what is none. */
import { subprotocol } from '../../protocol/frames.ts';
import { expect, Failure, Skip, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';
import { Refused } from '../wire.ts';

/** The gateway closes a socket on which only this was said. */
async function closesAfter(lab: Lab, first: string, code: number): Promise<void> {
  const wire = await lab.open();
  wire.send(first);
  await lab.closes(wire, code);
}

export const transport = section(1, {
  'transport.subprotocol': [
    'the subprotocol stanzawire.v1 is echoed',
    async (lab) => same((await lab.open()).ws.protocol, subprotocol, 'the subprotocol of the answer'),
  ],
  'transport.no-subprotocol': [
    'a client that offers no subprotocol gets v1',
    async (lab) => {
      const wire = await lab.open('a', { protocols: [] });
      await lab.session(wire, { token: lab.token('a'), presence: false });
    },
    'token',
  ],
  'transport.unknown-subprotocol': [
    'a client that offers unknown subprotocols only is let in and closed with 4006',
    async (lab) => lab.closes(await lab.open('x', { protocols: ['stanzawire.v99'] }), 4006),
  ],
  'transport.several-subprotocols': [
    'of several subprotocols the one that is known is chosen',
    async (lab) => {
      const { ws } = await lab.open('x', { protocols: ['stanzawire.v99', subprotocol] });
      same(ws.protocol, subprotocol, 'the subprotocol of the answer');
    },
  ],
  'transport.path': [
    'there is no socket at another path',
    async (lab) => {
      const opened = await lab.open('x', { path: (path) => `${path}-elsewhere` }).catch((error: unknown) => error);
      expect(opened instanceof Refused && opened.status !== undefined, 'a socket opens at another path too');
    },
  ],
  'transport.origin': [
    'a page of another origin is closed with 4003',
    async (lab) => {
      const wire = await lab.open('x', { headers: { origin: 'https://conformance.invalid' } });
      wire.send({ type: 'connect', id: 'connect', data: { token: 'forged' } });
      const code = await wire.closed();
      if (code === 4001) throw new Skip('this gateway lets pages of every origin in');
      same(code, 4003, 'the close code');
    },
  ],
  'transport.compression': [
    'compression is off',
    async (lab) => same((await lab.open()).ws.extensions, '', 'what was agreed on'),
  ],
  'transport.first-frame': [
    'a first frame that is not connect is closed with 4000',
    (lab) => closesAfter(lab, '{"type":"ping"}', 4000),
  ],
  'transport.not-json': ['what is not JSON is closed with 4000', (lab) => closesAfter(lab, 'hello', 4000)],
  'transport.not-object': ['what is no object is closed with 4000', (lab) => closesAfter(lab, '"connect"', 4000)],
  'transport.null': ['null is closed with 4000', (lab) => closesAfter(lab, 'null', 4000)],
  'transport.early-batch': [
    'a batch before ready is closed with 4000',
    (lab) => closesAfter(lab, '[{"type":"connect","id":1,"data":{"token":"forged"}}]', 4000),
  ],
  'transport.connect-size': [
    'a connect of more than 16 KiB is closed with 1009',
    (lab) => closesAfter(lab, JSON.stringify({ type: 'connect', data: { token: 'x'.repeat(16_400) } }), 1009),
  ],
  'transport.early-binary': [
    'a binary frame before ready is closed with 1003',
    async (lab) => {
      const wire = await lab.open();
      wire.binary(new Uint8Array(9));
      await lab.closes(wire, 1003);
    },
  ],
  'transport.connect-timeout': [
    'a socket without connect is closed with 4004 after 10 seconds',
    async (lab) => {
      const start = performance.now();
      await lab.closes(await lab.open(), 4004, 20_000);
      const seconds = (performance.now() - start) / 1000;
      expect(seconds > 5 && seconds < 15, `it was closed after ${seconds.toFixed(1)} s`);
    },
  ],
  'transport.pipelined': [
    'frames behind connect are handled after ready, in order',
    async (lab) => {
      const wire = await lab.open('a');
      wire.send({ type: 'connect', id: 'connect', data: { token: lab.token('a'), presence: false } });
      wire.send({ type: 'ping', id: 'first' });
      wire.send({ type: 'session.list', id: 'second' });
      const order: unknown[] = [];
      for (let i = 0; i < 3; i++) order.push((await wire.next(({ id }) => id !== undefined, 'an answer')).id);
      same(order, ['connect', 'first', 'second'], 'the order of the answers');
    },
    'token',
  ],
  'transport.fragments': [
    'a frame may come in several fragments',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.sendParts('{"type":"ping",', '"id":7}');
      await wire.next(({ id }) => id === 7, 'the pong of a frame in two fragments');
    },
  ],
});

export const envelope = section(2, {
  'envelope.ids': [
    'ids that are texts and ids that are numbers come back as they are',
    async (lab) => {
      const session = await lab.connect();
      for (const id of ['x', 'x'.repeat(64), 0, -1, 9_007_199_254_740_991]) {
        same((await session.ask('session.list', {}, id)).id, id, 'the id of the answer');
      }
    },
  ],
  'envelope.bad-id': [
    'an id that is no short text and no integer is a bad-request',
    async (lab) => {
      const { wire } = await lab.connect();
      for (const id of ['x'.repeat(65), '', 1.5, true, {}]) {
        wire.send(JSON.stringify({ type: 'session.list', id }));
        const { error, ...frame } = await wire.next(({ type }) => type === 'error', 'an error');
        expect(frame.id === undefined, 'the error carries an id');
        same(error?.code, 'bad-request', 'the code');
      }
    },
  ],
  'envelope.no-id': [
    'a request without id gets no ok, and an error without id where it fails',
    async (lab) => {
      const session = await lab.connect();
      session.wire.send({ type: 'session.list' });
      session.wire.send({ type: 'chat.update', data: {} });
      const error = await session.wire.next(({ type }) => type === 'error', 'an error');
      expect(error.id === undefined, 'the error carries an id');
      await session.settle();
      expect(session.wire.take(({ type }) => type === 'ok').length === 0, 'an ok came without id');
    },
  ],
  'envelope.unknown-type': [
    'an unknown request is an unknown-type error, and the socket stays open',
    async (lab) => {
      const session = await lab.connect();
      for (const type of ['message.sned', 'constructor', '__proto__', 'ready', 'x-none.such']) {
        await session.refused(type, {}, 'unknown-type');
      }
      await session.settle();
    },
  ],
  'envelope.no-type': [
    'a frame without a type is a bad-request',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.send('{"id":"typeless","data":{}}');
      const { error } = await wire.next(({ type }) => type === 'error', 'an error');
      same(error?.code, 'bad-request', 'the code');
    },
  ],
  'envelope.unknown-keys': [
    'keys that are not known are ignored',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.send({ type: 'settings.get', id: 'extra', seq: 7, also: true, data: { what: 'ever', 'x-mine': [1] } });
      const { type } = await wire.next(({ id }) => id === 'extra', 'an answer');
      same(type, 'ok', 'the answer');
    },
  ],
  'envelope.null': [
    'null means absent',
    async (lab) => {
      const session = await lab.connect();
      await session.request('history.get', { max: 1 });
      same((await session.ask('history.get', { max: 1, text: null, chat: null })).type, 'ok', 'the answer');
      await session.refusedField('chat.update', { chat: null }, 'chat');
    },
  ],
  'envelope.data': [
    'data that is no object is a bad-request',
    async (lab) => {
      const session = await lab.connect();
      for (const data of ['x', 7, [], true]) await session.refusedField('session.list', data, 'data');
    },
  ],
});

export const batches = section(8, {
  'batches.answers': [
    'a batch is handled in order, and each of its frames is answered on its own',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.send([
        { type: 'session.list', id: 1 },
        { type: 'chat.update', id: 2, data: {} },
        { type: 'ping', id: 3 },
      ]);
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(await wire.next(({ id }) => id !== undefined, 'an answer'));
      same(
        answers.map(({ id, type }) => [id, type]),
        [
          [1, 'ok'],
          [2, 'error'],
          [3, 'pong'],
        ],
        'what is answered',
      );
    },
  ],
  'batches.feature': [
    'the feature batch is granted to a client that asks for it',
    async (lab) => {
      const { ready, wire } = await lab.connect('a', { features: ['batch'] });
      expect(ready.features?.includes('batch') === true, 'ready.features has no batch');
      wire.send(Array.from({ length: 5 }, (_, id) => ({ type: 'session.list', id })));
      for (let one = 0; one < 5; one++) await wire.next(({ id }) => id === one, 'an answer');
    },
  ],
  'batches.empty': ['an empty batch is closed with 4000', (lab) => closesWhenReady(lab, '[]')],
  'batches.not-objects': [
    'a batch of what is no object is closed with 4000',
    (lab) => closesWhenReady(lab, '[{"type":"ping"},7]'),
  ],
  'batches.too-many': [
    'a batch of more than limits.batch frames is closed with 4000',
    async (lab) => {
      const { wire, ready } = await lab.connect();
      if (!ready.limits) throw new Failure('ready has no limits');
      wire.send(Array.from({ length: ready.limits.batch + 1 }, () => ({ type: 'pong' })));
      await lab.closes(wire, 4000);
    },
  ],
});

async function closesWhenReady(lab: Lab, text: string): Promise<void> {
  const { wire } = await lab.connect();
  wire.send(text);
  await lab.closes(wire, 4000);
}

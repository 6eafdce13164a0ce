/** §8 uploads, §10 discovery, commands, nodes and items. */
import { chunkKind, headerBytes } from '../../protocol/uploads.ts';
import { expect, Failure, Skip, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Session } from '../session.ts';

/** A point on P-256, as browsers have them. */
const pushKey = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';

/** A chunk of an upload, as a binary frame. */
function chunk(stream: number, index: number, bytes: Uint8Array, kind: number = chunkKind): Uint8Array {
  const frame = new Uint8Array(headerBytes + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, stream);
  view.setUint32(5, index);
  frame.set(bytes, headerBytes);
  return frame;
}

async function uploader(lab: Lab): Promise<Session> {
  const session = await lab.connect('a', { features: ['binary'] });
  expect(session.ready.features?.includes('binary') === true, 'the feature binary is not granted');
  return session;
}

export const uploads = section(8, {
  'binary.feature': [
    'a binary frame without the feature binary is closed with 1003',
    async (lab) => {
      const { wire } = await lab.connect();
      wire.binary(chunk(1, 0, new Uint8Array(1)));
      await lab.closes(wire, 1003);
    },
  ],
  'binary.unknown': [
    'a binary frame of another kind, or for no open stream, is ignored',
    async (lab) => {
      const session = await lab.connect('a', { features: ['binary'] });
      session.wire.binary(chunk(7, 0, new Uint8Array(3)));
      session.wire.binary(chunk(7, 0, new Uint8Array(3), 99));
      session.wire.binary(new Uint8Array(3));
      await session.settle();
    },
  ],
  'uploads.slot': [
    'upload.slot answers where to put a file, and where it will be',
    async (lab) => {
      const a = await lab.connect();
      const { put, get } = await a.request('upload.slot', { filename: 'a.txt', size: 5, mediaType: 'text/plain' });
      expect(URL.canParse(put.url) && URL.canParse(get.url), 'the addresses are none');
      const allowed = ['authorization', 'cookie', 'expires'];
      expect(
        Object.keys(put.headers).every((name) => allowed.includes(name.toLowerCase())),
        'other headers than those of XEP-0363',
      );
    },
    'upload',
  ],
  'uploads.socket': [
    'a file goes through the socket in chunks, and is where upload.close says',
    async (lab) => {
      const a = await uploader(lab);
      const file = new TextEncoder().encode(lab.unique().repeat(4000));
      const { stream, chunkBytes, window } = await a.request('upload.open', {
        filename: 'a.txt',
        size: file.length,
        mediaType: 'text/plain',
      });
      const chunks = Math.ceil(file.length / chunkBytes);
      for (let index = 0; index < chunks; index++) {
        if (index >= window) await a.next('upload.progress', (one) => one.chunks > index - window);
        a.wire.binary(chunk(stream, index, file.subarray(index * chunkBytes, (index + 1) * chunkBytes)));
      }
      const { get } = await a.request('upload.close', { stream });
      if (!get) throw new Failure('upload.close does not say where the file is');
      const got = new Uint8Array(await (await fetch(get.url)).arrayBuffer());
      same(got.length, file.length, 'the length of what is at the address');
      const progress = a.wire.take(({ type }) => type === 'upload.progress');
      expect(progress.length > 0, 'there was no upload.progress');
    },
    'upload',
  ],
  'uploads.order': [
    'a chunk that is missing ends the upload, and upload.close says the same',
    async (lab) => {
      const a = await uploader(lab);
      const { stream } = await a.request('upload.open', { filename: 'a.txt', size: 10 });
      a.wire.binary(chunk(stream, 1, new Uint8Array(5)));
      const { error } = await a.next('upload.progress', (one) => one.error !== undefined);
      const { error: closed } = await a.ask('upload.close', { stream });
      same(closed?.code, error?.code, 'the code of upload.close');
    },
    'upload',
  ],
  'uploads.cancel': [
    'an upload can be given up; closed before its end it is an error',
    async (lab) => {
      const a = await uploader(lab);
      const first = await a.request('upload.open', { filename: 'a.txt', size: 10 });
      await a.request('upload.close', { stream: first.stream, cancel: true });
      const second = await a.request('upload.open', { filename: 'a.txt', size: 10 });
      expect(second.stream !== first.stream, 'the number of a stream is used again');
      const { error } = await a.ask('upload.close', { stream: second.stream });
      expect(error !== undefined, 'upload.close is ok before all bytes were sent');
    },
    'upload',
  ],
  'uploads.too-large': [
    'a file that is too large for the service is not-acceptable, by its size',
    async (lab) => {
      const a = await lab.connect();
      const { field } = await a.refused('upload.slot', { filename: 'a.bin', size: 2 ** 50 }, 'not-acceptable');
      same(field, 'size', 'the field');
    },
    'upload',
  ],
});

export const services = section(10, {
  'push.subscribe': [
    'a browser can be subscribed where ready names a key, and nowhere else',
    async (lab) => {
      const a = await lab.connect();
      const keys = { p256dh: pushKey, auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
      const data = { endpoint: `https://push.conformance.invalid/${lab.unique()}`, keys };
      if (a.ready.services?.push === undefined) {
        await a.refused('push.subscribe', data, 'feature-not-implemented');
        return;
      }
      const { error } = await a.ask('push.subscribe', data);
      expect(error === undefined || error.code === 'not-acceptable', `it is refused with ${error?.code}`);
      await a.request('push.unsubscribe', { endpoint: data.endpoint });
    },
  ],
  'disco.server': [
    'disco.info and disco.items without an address are about the XMPP server',
    async (lab) => {
      const a = await lab.connect();
      const { identities, features } = await a.request('disco.info', {});
      expect(
        identities.some(({ category }) => category === 'server'),
        'it is no server',
      );
      expect(features.length > 0, 'it has no features');
      await a.request('disco.items', {});
    },
    'server',
  ],
  'disco.account': [
    "an account's own address answers with its identity",
    async (lab) => {
      const a = await lab.connect();
      const { identities } = await a.request('disco.info', { jid: a.user });
      expect(
        identities.some(({ category }) => category === 'account'),
        'it is no account',
      );
    },
  ],
  'disco.pages': [
    'disco.items pages: each item once, the last page is complete',
    async (lab) => {
      const a = await lab.connect();
      const whole = await a.request('disco.items', { max: 50 });
      const found: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 60; page++) {
        const { items, last, complete } = await a.request('disco.items', {
          max: 1,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...items.map(({ jid }) => jid));
        if (complete || last === undefined) break;
        after = last;
      }
      if (whole.complete)
        same(
          found,
          whole.items.map(({ jid }) => jid),
          'what the pages hold',
        );
    },
    'server',
  ],
  'disco.nobody': [
    'an entity that is not there is an error that names it',
    async (lab) => {
      const a = await lab.connect();
      const jid = `${lab.unique('nobody')}@${lab.facts.server}`;
      const { by } = await a.refused(
        'disco.info',
        { jid },
        'service-unavailable',
        'item-not-found',
        'subscription-required',
        'forbidden',
      );
      same(by, jid, 'who refused');
    },
    'server',
  ],
  'directory.search': [
    'directory.search finds a public room by a word of its name',
    async (lab) => {
      const a = await lab.connect();
      const room = `${lab.unique('conformance')}@${lab.facts.rooms}`;
      lab.after(async () => (await lab.connect()).ask('room.destroy', { room }));
      const word = lab.unique('w').replaceAll('-', '');
      await a.request('room.create', { room, nick: 'ay', values: { name: `The ${word}`, public: true } });
      const found: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 60; page++) {
        const { items, last, complete } = await a.request('directory.search', {
          text: word,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...items.map(({ jid }) => jid));
        if (complete || last === undefined) break;
        after = last;
      }
      same(found, [room], 'what is found');
    },
    'rooms',
  ],
  'commands.list': [
    'command.list answers with what the server lets the user do',
    async (lab) => {
      const a = await lab.connect();
      const { items } = await a.request('command.list', {});
      const ping = items.find(({ node }) => node === 'uptime' || node === 'ping');
      if (ping)
        same((await a.request('command.run', { node: ping.node })).status, 'completed', `the status of ${ping.node}`);
      const { by } = await a.refused(
        'command.run',
        { node: lab.unique() },
        'item-not-found',
        'service-unavailable',
        'feature-not-implemented',
      );
      same(by, lab.facts.server, 'who refused');
    },
    'server',
  ],
  'pubsub.board': [
    'a node is made, subscribed to, written, read, taken back from, and ended; subscribers are told',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const [service, node] = [lab.facts.pubsub ?? '', lab.unique()];
      const made = await a.ask('pubsub.create', {
        service,
        node,
        values: { 'pubsub#access_model': 'open', 'pubsub#persist_items': true },
      });
      if (made.error?.code === 'forbidden') throw new Skip('the first account may make no nodes there');
      same(made.type, 'ok', 'the answer to pubsub.create');
      lab.after(async () => (await lab.connect()).ask('pubsub.delete', { service, node }));
      same((await b.request('pubsub.subscribe', { service, node })).subscription, 'subscribed', 'the subscription');
      await a.request('pubsub.publish', { service, node, item: { id: 'card-7', json: { title: 'Ship it' } } });
      const told = await b.next('pubsub', (one) => one.node === node && one.items.length > 0);
      same([told.items[0]?.id, told.items[0]?.json], ['card-7', { title: 'Ship it' }], 'what is told');
      const { items, complete } = await b.request('pubsub.get', { service, node });
      same([items[0]?.json, complete], [{ title: 'Ship it' }, true], 'what is read');
      expect((await a.request('pubsub.config', { service, node })).form !== undefined, 'the node has no form');
      await a.request('pubsub.retract', { service, node, ids: ['card-7'] });
      await b.next('pubsub', (one) => one.node === node && one.retracted.includes('card-7'));
      await b.request('pubsub.unsubscribe', { service, node });
      await a.request('pubsub.delete', { service, node });
      await a.refused('pubsub.get', { service, node }, 'item-not-found');
    },
    'pubsub',
    'b',
  ],
});

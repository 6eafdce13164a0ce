/** §9 the message object, §10 acting on messages, history and conversations, §11 what is told of them. */
import type { RequestData } from '../../protocol/frames.ts';
import { expect, type Need, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';

type Draft = Partial<RequestData<'message.send'>>;

/** Content that arrives as it was sent; `body` is made where none is given. */
const fields: Record<string, Draft> = {
  subject: { subject: 'A subject' },
  thread: { thread: 't1', parentThread: 't0' },
  bodies: { lang: 'de', bodies: { en: 'Hello', 'pt-BR': 'Olá' } },
  reply: { reply: { id: 'm-1', to: 'somebody@example.com' } },
  mentions: { mentions: [{ jid: 'somebody@example.com', begin: 0, end: 4 }] },
  files: {
    files: [{ url: 'https://up.example.com/a.jpg', name: 'a b.jpg', mediaType: 'image/jpeg', size: 3_032_449 }],
  },
  spoiler: { spoiler: 'a hint' },
  unstyled: { unstyled: true },
  attention: { attention: true },
  payload: { payload: { datatype: 'urn:example:chess', json: { move: 'e4', list: [1, null, { a: true }] } } },
  encryption: { encryption: { namespace: 'urn:example:sealed', name: 'Sealed' } },
  hints: { hints: ['no-copy'] },
};

/** One message from the first account to the second, as it arrived. */
async function pass(lab: Lab, draft: Draft) {
  const [a, b] = [await lab.connect('a', { presence: {} }), await lab.connect('b', { presence: {} })];
  const body = lab.unique('text');
  const { id } = await a.say(b.user, body, draft);
  return { a, b, id, body, message: await b.heard(body) };
}

export const message = section(
  9,
  Object.fromEntries([
    ...Object.entries(fields).map(([name, draft]) => {
      const run = async (lab: Lab) => {
        const { message } = await pass(lab, draft);
        for (const [key, value] of Object.entries(draft)) same(message[key as keyof typeof message], value, key);
      };
      return [
        `message.${name}`,
        [`${Object.keys(draft).join(' and ')} of a message arrive as sent`, run, 'b' as Need],
      ] as const;
    }),
    [
      'message.text',
      [
        'text of every script arrives as it was sent',
        async (lab: Lab) => {
          const [a, b] = [await lab.connect(), await lab.connect('b')];
          const text = `Grüß dich 🐢 \u202eمرحبا <&'"> ]]> \t\n\u0085\u2028 ${lab.unique()}`;
          await a.say(b.user, text);
          await b.heard(text);
        },
        'b' as Need,
      ],
    ],
    [
      'message.form',
      [
        'a form that is an answer arrives with its values',
        async (lab: Lab) => {
          const values = { FORM_TYPE: 'urn:example:poll', choice: ['a', 'b'] };
          const { message } = await pass(lab, { form: { type: 'submit', values } });
          const choice = message.form?.fields.find((field) => field.var === 'choice');
          same([message.form?.type, choice?.values], ['submit', ['a', 'b']], 'type and values of the form');
        },
        'b' as Need,
      ],
    ],
    [
      'message.forwarded',
      [
        'a forwarded message arrives inside of its message',
        async (lab: Lab) => {
          const forwarded = [{ from: 'juliet@example.com', body: 'what was said', time: '2026-01-01T10:00:00.000Z' }];
          const { message } = await pass(lab, { forwarded });
          const [inner] = message.forwarded ?? [];
          same(
            [inner?.from, inner?.body, inner?.time],
            ['juliet@example.com', 'what was said', forwarded[0]?.time],
            'what was forwarded',
          );
        },
        'b' as Need,
      ],
    ],
  ]),
);

export const acting = section(10, {
  'acting.edit': [
    'an edit is told with the id of the first version; history shows the last one',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      const edit = await a.request('message.edit', { to: b.user, id, body: 'better words' });
      same(edit.replace, id, 'replace of the answer');
      const told = await b.next('message.edited', (one) => one.replace === id);
      same([told.body, told.from], ['better words', a.user], 'what is told');
      const { items } = await b.request('history.get', { chat: a.user, max: 5 });
      const folded = items.find(({ data }) => (data as { id: string }).id === id)?.data as {
        body: string;
        edited?: object;
      };
      expect(folded?.body === 'better words' && folded.edited !== undefined, 'history does not show the edit');
    },
    'b',
  ],
  'acting.retract': [
    'a retraction is told, and history says that it was taken back',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await a.request('message.retract', { to: b.user, id, reason: 'a slip' });
      await b.next('message.retracted', (one) => one.id === id);
      const { items } = await b.request('history.get', { chat: a.user, max: 5 });
      const folded = items.find(({ data }) => (data as { id: string }).id === id)?.data as {
        body?: string;
        retracted?: object;
      };
      expect(folded?.retracted !== undefined && folded.body === undefined, 'history shows what was taken back');
      same((await a.ask('message.retract', { to: b.user, id })).type, 'ok', 'the answer to a second retraction');
    },
    'b',
  ],
  'acting.react': [
    'a reaction is the whole set, and an empty one takes all back',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await b.request('message.react', { to: a.user, id, reactions: ['👋', '🐢'] });
      same((await a.next('reaction', (one) => one.id === id)).reactions, ['👋', '🐢'], 'the set');
      await b.request('message.react', { to: a.user, id, reactions: [] });
      same((await a.next('reaction', (one) => one.id === id)).reactions, [], 'the set');
    },
    'b',
  ],
  'acting.foreign': [
    "somebody else's message can be neither edited nor taken back",
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await b.refused('message.edit', { to: a.user, id, body: 'forged' }, 'forbidden');
      await b.refused('message.retract', { to: a.user, id }, 'forbidden');
      await b.settle();
      await a.none('message.edited');
      await a.none('message.retracted');
    },
    'b',
  ],
  'acting.unknown': [
    'a message that does not exist is item-not-found',
    async (lab) => {
      const a = await lab.connect();
      const to = lab.user('b');
      await a.refused('message.edit', { to, id: lab.unique(), body: 'x' }, 'item-not-found');
      await a.refused('message.retract', { to, id: lab.unique() }, 'item-not-found');
      await a.refused('message.react', { to, id: lab.unique(), reactions: ['👋'] }, 'item-not-found');
    },
    'b',
  ],
  'acting.files': [
    'a message with files cannot be edited',
    async (lab) => {
      const { a, b, id } = await pass(lab, { files: [{ url: 'https://up.example.com/a.jpg' }] });
      await a.refused('message.edit', { to: b.user, id, body: 'x' }, 'bad-request');
    },
    'b',
  ],
  'acting.mark': [
    'a mark is told to the sender as displayed, and to the own other sessions as a chat without unread messages',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await b.say(a.user, lab.unique());
      const other = await lab.connect('b');
      await b.request('message.mark', { to: a.user, id });
      const chat = await other.next('chat', ({ chat: key }) => key === a.user);
      same([chat.unread, chat.readUpTo?.id], [0, id], 'unread and readUpTo');
      const receipt = await a.next('receipt', (one) => one.id === id && one.status === 'displayed');
      same(receipt.chat, b.user, 'the chat of the receipt');
    },
    'b',
  ],
  'acting.mark-private': [
    'a private mark is told to nobody else',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await b.say(a.user, lab.unique());
      await b.request('message.mark', { to: a.user, id, private: true });
      await b.settle();
      await a.none('receipt', (one) => one.id === id && one.status === 'displayed');
    },
    'b',
  ],
  'typing.told': [
    'typing is told to somebody who was written to, and ended by a message',
    async (lab) => {
      const { a, b } = await pass(lab, {});
      await a.request('typing.send', { to: b.user, state: 'composing' });
      const typing = await b.next('typing');
      same([typing.chat, typing.from, typing.state], [a.user, a.user, 'composing'], 'what is told');
    },
    'b',
  ],
});

export const history = section(10, {
  'history.pages': [
    'history is paged backwards and forwards, oldest first in each page',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const texts = [1, 2, 3, 4].map((n) => `${n} ${lab.unique()}`);
      for (const text of texts) await a.say(b.user, text);
      const bodies = (items: readonly { data: unknown }[]) => items.map(({ data }) => (data as { body?: string }).body);
      const newest = await a.request('history.get', { chat: b.user, max: 2 });
      same(bodies(newest.items), texts.slice(2), 'the newest page');
      same(newest.complete, false, 'complete');
      const before = await a.request('history.get', { chat: b.user, max: 2, before: newest.first ?? '' });
      same(bodies(before.items), texts.slice(0, 2), 'the page before it');
      const after = await a.request('history.get', { chat: b.user, max: 10, after: before.last ?? '' });
      same([bodies(after.items), after.complete], [texts.slice(2), true], 'the page after that');
    },
    'b',
  ],
  'history.search': [
    'text finds messages that have each of its words; ids finds those that are named',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const [one, two] = [lab.unique('w').replaceAll('-', ''), lab.unique('w').replaceAll('-', '')];
      const { id } = await a.say(b.user, `${one} and ${two}`);
      await a.say(b.user, `${one} alone`);
      const found = await a.request('history.get', { chat: b.user, text: `${two} ${one}` });
      same(
        found.items.map(({ data }) => (data as { id: string }).id),
        [id],
        'what is found',
      );
      const named = await a.request('history.get', { chat: b.user, ids: [id] });
      same(
        named.items.map(({ data }) => (data as { id: string }).id),
        [id],
        'what is found by its id',
      );
    },
    'b',
  ],
  'history.log': [
    'the view log has everything as it happened, the view folded only messages',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      await a.request('message.edit', { to: b.user, id, body: 'better' });
      await b.next('message.edited');
      const types = async (view: 'log' | 'folded') => {
        const { items } = await b.request('history.get', { chat: a.user, max: 2, view });
        return items.map(({ type }) => type);
      };
      same(await types('log'), ['message', 'message.edited'], 'the log');
      expect(
        (await types('folded')).every((type) => type === 'message'),
        'the folded view has actions',
      );
    },
    'b',
  ],
  'history.cursor': [
    'a cursor that does not exist is item-not-found',
    async (lab) => {
      const a = await lab.connect();
      await a.refused('history.get', { before: 'no-such-cursor' }, 'item-not-found', 'bad-request');
      await a.refused('history.get', { after: 'x', before: 'y' }, 'bad-request');
    },
  ],
  'chats.list': [
    'chat.list has the conversation with its newest message and what is unread, and pages',
    async (lab) => {
      const { a, b, id } = await pass(lab, {});
      const { items, count } = await b.request('chat.list', { max: 1 });
      same([items.length, items[0]?.chat, items[0]?.last?.id], [1, a.user, id], 'the first page');
      expect((items[0]?.unread ?? 0) > 0 && count >= 1, 'nothing is unread');
    },
    'b',
  ],
  'chats.update': [
    'chat.update changes what it names, keeps the rest, and is told to other sessions',
    async (lab) => {
      const { a, b } = await pass(lab, {});
      const other = await lab.connect();
      lab.after(async () => a.request('chat.update', { chat: b.user, muted: false, pinned: false }));
      await a.request('chat.update', { chat: b.user, muted: true });
      const chat = await a.request('chat.update', { chat: b.user, pinned: true });
      same([chat.muted, chat.pinned], [true, true], 'muted and pinned');
      await other.next('chat', (one) => one.pinned === true);
    },
    'b',
  ],
});

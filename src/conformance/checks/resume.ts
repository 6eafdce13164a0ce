/** §3 Resume; §5 Event classes, answers across a resume, catch-up. */
import { expect, Failure, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Session } from '../session.ts';

/** A close by which a client keeps its session. */
const kept = 4202;

export const resume = section(3, {
  'resume.replay': [
    'a session whose socket was lost is resumed, and gets what came meanwhile: whole, in order, with its numbers',
    async (lab) => {
      const { lost, texts } = await loseAndMiss(lab);
      const back = await lab.resume('a', lost);
      same([back.ready.resumed, back.id], [true, lost.id], 'resumed and session');
      expect((back.ready.replaying ?? 0) >= texts.length, `replaying is ${back.ready.replaying}`);
      for (const text of texts) await back.heard(text);
      expect(
        back.ready.limits === undefined && back.ready.contacts === undefined,
        'a ready that resumed has limits or snapshots',
      );
    },
    'b',
  ],
  'resume.again': [
    'what was not processed is replayed again',
    async (lab) => {
      const { lost, texts } = await loseAndMiss(lab);
      const first = await lab.resume('a', lost);
      await first.wire.close(kept);
      const data = { resume: { session: lost.id, seq: lost.wire.seq } };
      const second = await lab.connect('a', data);
      for (const text of texts) await second.heard(text);
    },
    'b',
  ],
  'resume.replaced': [
    'resuming a session whose socket is open closes that one with 4008',
    async (lab) => {
      const session = await lab.connect();
      const again = await lab.resume('a', session);
      same(again.ready.resumed, true, 'resumed');
      await lab.closes(session.wire, 4008);
    },
  ],
  'resume.gap': [
    'a resume from a number that never was is a new session with the reason gap',
    async (lab) => {
      const session = await lab.connect();
      await session.wire.close(kept);
      const data = { resume: { session: session.id, seq: session.wire.seq + 1_000_000 } };
      const { ready } = await lab.connect('a', data);
      same([ready.resumed, ready.reason], [false, 'gap'], 'resumed and reason');
      expect(ready.session !== session.id && ready.limits !== undefined, 'it is no new session');
    },
  ],
  'resume.unknown': [
    'a session that never was is unknown, which is no error',
    async (lab) => {
      const { ready } = await lab.connect('a', { resume: { session: 's_never', seq: 0 } });
      same([ready.resumed, ready.reason], [false, 'unknown'], 'resumed and reason');
    },
  ],
  'resume.other-user': [
    'another account cannot resume the session, and does not harm it',
    async (lab) => {
      const session = await lab.connect();
      const thief = await lab.connect('b', { resume: { session: session.id, seq: 0 } });
      same(
        [thief.ready.resumed, thief.ready.reason, thief.user],
        [false, 'other-user', lab.user('b')],
        'what the thief gets',
      );
      await session.settle();
    },
    'b',
  ],
  'sessions.events': [
    "every session of the account gets a message, and what the account's other sessions send",
    async (lab) => {
      const [one, two, b] = [await lab.connect(), await lab.connect(), await lab.connect('b')];
      const [asked, told] = [lab.unique(), lab.unique()];
      await b.say(one.user, asked);
      await Promise.all([one.heard(asked), two.heard(asked)]);
      const { id } = await one.say(b.user, told);
      const copy = await two.heard(told);
      same([copy.outgoing, copy.id, copy.chat], [true, id, b.user], 'outgoing, id and chat of the copy');
      await one.none('message', ({ body }) => body === told);
    },
    'b',
  ],
});

export const classes = section(5, {
  'classes.ephemeral': [
    'typing is told, and not replayed',
    async (lab) => {
      const [a, b] = await typing(lab);
      await a.wire.close(kept);
      await b.request('typing.send', { to: a.user, state: 'paused' });
      await b.settle();
      await (await lab.resume('a', a)).none('typing');
    },
    'b',
  ],
  'classes.inactive': [
    'a session that nobody looks at gets no typing, but messages',
    async (lab) => {
      const [a, b] = await typing(lab);
      await a.request('session.update', { active: false });
      const text = lab.unique();
      await b.say(a.user, text);
      await b.request('typing.send', { to: a.user, state: 'paused' });
      await a.heard(text);
      await b.settle();
      await a.none('typing');
      await a.request('session.update', { active: true });
    },
    'b',
  ],
  'answers.repeat': [
    'a repeated id with the same content gets the first answer, with other content a conflict',
    async (lab) => {
      const session = await lab.connect();
      const data = { to: session.user, id: lab.unique('m'), body: 'to myself' };
      const [first, second] = [
        await session.ask('message.send', data, 'again'),
        await session.ask('message.send', data, 'again'),
      ];
      same(second, first, 'the second answer');
      const { error } = await session.ask('message.send', { ...data, body: 'other words' }, 'again');
      same(error?.code, 'conflict', 'the code for other content');
    },
  ],
  'answers.resume': [
    'a request that is sent again after a resume has the answer that the lost one had, and is carried out once',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const data = { to: b.user, id: lab.unique('m'), body: lab.unique() };
      const first = await a.ask('message.send', data, 'lost');
      await a.wire.close(kept);
      const back = await lab.resume('a', a);
      same(await back.ask('message.send', data, 'lost'), first, 'the answer');
      await b.heard(data.body);
      await b.none('message', ({ body }) => body === data.body);
    },
    'b',
  ],
  'catch-up.archive': [
    'history.get with after reads everything since that event, in order, until complete',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const texts = [lab.unique(), lab.unique(), lab.unique(), lab.unique()];
      const [first = '', ...later] = texts;
      for (const text of texts) await b.say(a.user, text);
      const { archiveId: after } = await a.heard(first);
      if (after === undefined) throw new Failure('a message has no archiveId');
      const read: unknown[] = [];
      for (let cursor = after, complete = false, page = 0; !complete && page < 20; page++) {
        const got = await a.request('history.get', { after: cursor, max: 2 });
        for (const { type, data } of got.items) {
          const { archiveId = '', body } = data as { archiveId?: string; body?: string };
          expect(archiveId > after, `${archiveId} is not after ${after}`);
          if (type === 'message') read.push(body);
        }
        complete = got.complete;
        cursor = got.last ?? cursor;
      }
      same(
        read.filter((text) => texts.includes(String(text))),
        later,
        'what was read',
      );
    },
    'b',
  ],
});

/** A session of the first account that has lost its socket, and what the second one has said meanwhile. */
async function loseAndMiss(lab: Lab): Promise<{ lost: Session; texts: string[] }> {
  const [lost, b] = [await lab.connect(), await lab.connect('b')];
  await lost.settle();
  await lost.wire.close(kept);
  const texts = [lab.unique(), lab.unique(), lab.unique()];
  for (const text of texts) await b.say(lost.user, text);
  return { lost, texts };
}

/** The first two accounts; the second one types, and the first one has been told. */
async function typing(lab: Lab): Promise<[Session, Session]> {
  const [a, b] = [await lab.connect(), await lab.connect('b', { presence: {} })];
  await b.say(a.user, lab.unique());
  await b.request('typing.send', { to: a.user, state: 'composing' });
  await a.next('typing', ({ from }) => from === b.user);
  return [a, b];
}

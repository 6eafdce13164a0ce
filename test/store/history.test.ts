import { describe, expect, it } from 'vitest';
import type { HistoryQuery, NewItem } from '../../src/store/archive.ts';
import { formatArchiveId } from '../../src/store/archive-id.ts';
import { words } from '../../src/store/words.ts';
import { onEveryDriver } from './drivers.ts';
import {
  action,
  alice,
  appendAll,
  archiveIds,
  bob,
  bodies,
  carol,
  edit,
  folded,
  incoming,
  iso,
  log,
  noon,
  oneIds,
  outgoing,
  reaction,
  receipt,
} from './support.ts';

onEveryDriver((fixture) => {
  describe('pages', () => {
    /** Two chats, a second between messages, and a reaction to each. */
    const fill = () =>
      appendAll(
        fixture.archive,
        Array.from({ length: 10 }, (_, i) => {
          const changes = { chat: i % 2 ? carol : bob, now: noon + i * 1000 };
          return [incoming(`m${i}`, `text ${i}`, changes), reaction(`m${i}`, ['👍'], changes)];
        }).flat(),
      );
    const all = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'];

    it('the newest page comes first, oldest entry first', async () => {
      await fill();
      const page = await folded(fixture.archive, { max: 3 });
      expect(oneIds(page)).toEqual(['m7', 'm8', 'm9']);
      expect(page.complete).toBe(false);
    });

    it.each(['folded', 'log'] as const)('pages back and forth see everything once (%s)', async (view) => {
      await fill();
      const whole = archiveIds(await fixture.archive.history(alice, { max: 100, view }));
      expect(whole).toHaveLength(view === 'folded' ? 10 : 20);
      for (const max of [1, 3, 5, 10, 20]) {
        const back: string[] = [];
        for (let query: HistoryQuery = { max, view }, complete = false; !complete; ) {
          const page = await fixture.archive.history(alice, query);
          back.unshift(...archiveIds(page));
          query = { max, view, before: page.items[0]?.archiveId ?? '' };
          complete = page.complete;
        }
        expect(back).toEqual(whole);
        const forth = whole.slice(0, 1);
        for (let complete = false; !complete; ) {
          const page = await fixture.archive.history(alice, { max, view, after: forth.at(-1) ?? '' });
          forth.push(...archiveIds(page));
          complete = page.complete;
        }
        expect(forth).toEqual(whole);
      }
    });

    it('a chat shows its own only, and a cursor is good in any chat', async () => {
      const items = await fill();
      const ofBob = all.filter((_, i) => i % 2 === 0);
      const page = await folded(fixture.archive, { chat: bob });
      expect(oneIds(page)).toEqual(ofBob);
      expect(page.complete).toBe(true);
      expect(page.items.every((item) => item.chat === bob)).toBe(true);
      const ofCarol = items.find((item) => item.data.id === 'm5')?.archiveId ?? '';
      expect(oneIds(await folded(fixture.archive, { chat: bob, before: ofCarol }))).toEqual(['m0', 'm2', 'm4']);
      expect(oneIds(await folded(fixture.archive, { chat: bob, after: ofCarol }))).toEqual(['m6', 'm8']);
      expect(await folded(fixture.archive, { chat: 'nobody@example.com' })).toEqual({ items: [], complete: true });
    });

    it('start and end bound the time, both included', async () => {
      await fill();
      const between = { start: noon + 2000, end: noon + 5000 };
      expect(oneIds(await folded(fixture.archive, between))).toEqual(['m2', 'm3', 'm4', 'm5']);
      expect(await log(fixture.archive, between)).toMatchObject({ items: { length: 8 }, complete: true });
      expect(oneIds(await folded(fixture.archive, { start: noon + 8001 }))).toEqual(['m9']);
      expect(oneIds(await folded(fixture.archive, { end: noon + 999, chat: bob }))).toEqual(['m0']);
      expect(oneIds(await folded(fixture.archive, { ...between, max: 2 }))).toEqual(['m4', 'm5']);
      expect((await folded(fixture.archive, { start: noon + 9001 })).items).toEqual([]);
    });

    it('messages are found by their ids, in the order of the archive', async () => {
      await fill();
      const page = await folded(fixture.archive, { chat: bob, ids: ['m4', 'nothing', 'm0', 'm1', 'm4'] });
      expect(oneIds(page)).toEqual(['m0', 'm4']);
      expect(page.complete).toBe(true);
      await expect(folded(fixture.archive, { ids: ['m4'] })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it.each([formatArchiveId(noon * 1024 + 999), '01JGYV', '', 'ILOU567890123456', formatArchiveId(0)])(
      'a cursor that does not exist is item-not-found: %j',
      async (cursor) => {
        await fill();
        for (const field of ['before', 'after'] as const) {
          const refusal = { code: 'item-not-found', details: { field } };
          await expect(log(fixture.archive, { [field]: cursor })).rejects.toMatchObject(refusal);
        }
      },
    );

    it('a page that has room for nothing says if there is something', async () => {
      expect(await folded(fixture.archive, { max: 0 })).toEqual({ items: [], complete: true });
      await fill();
      expect(await folded(fixture.archive, { max: 0 })).toEqual({ items: [], complete: false });
    });
  });

  describe('the folded view', () => {
    const data = async () => (await folded(fixture.archive)).items.map((item) => item.data);

    it('an edit replaces the content, and nothing else', async () => {
      const [first] = await fixture.archive.append(alice, {
        ...incoming('m1', 'helo'),
        data: {
          chat: bob,
          type: 'chat',
          from: `${bob}/phone`,
          to: alice,
          time: iso(noon),
          body: 'helo',
          subject: 'Old',
        },
      });
      await fixture.archive.append(alice, edit('m1', 'hello', { now: noon + 1000 }));
      await fixture.archive.append(alice, edit('m1', 'Hello!', { now: noon + 2000, ids: ['second'] }));
      expect(await data()).toEqual([
        {
          id: 'm1',
          archiveId: first?.archiveId,
          chat: bob,
          type: 'chat',
          from: `${bob}/phone`,
          to: alice,
          time: iso(noon),
          body: 'Hello!',
          edited: { time: iso(noon + 2000) },
        },
      ]);
      expect(bodies(await log(fixture.archive))).toEqual(['helo', 'hello', 'Hello!']);
    });

    it('a retracted message keeps its place and loses its content, for good', async () => {
      await appendAll(fixture.archive, [
        incoming('m1', 'secret'),
        reaction('m1', ['👀']),
        edit('m1', 'still secret'),
        action('message.retracted', 'm1', { reason: 'oops' }, { now: noon + 1000 }),
        edit('m1', 'secret again', { ids: ['e2'] }),
        action('message.retracted', 'm1', {}, { now: noon + 5000 }),
      ]);
      const [message] = await data();
      expect(message).toMatchObject({ id: 'm1', from: `${bob}/phone`, time: iso(noon) });
      expect(message?.retracted).toEqual({ time: iso(noon + 1000), reason: 'oops' });
      for (const key of ['body', 'edited', 'reactions']) expect(message).not.toHaveProperty(key);
      expect((await folded(fixture.archive, { text: 'secret' })).items).toEqual([]);
    });

    it('the newest set of reactions of each author counts, an empty one takes all back', async () => {
      const mine = { author: alice, outgoing: true };
      await appendAll(fixture.archive, [incoming('m1', 'hi'), reaction('m1', ['1', '2']), reaction('m1', ['3'], mine)]);
      expect(await data()).toMatchObject([{ reactions: { [bob]: ['1', '2'], [alice]: ['3'] } }]);
      await fixture.archive.append(alice, reaction('m1', [], { now: noon + 2000 }));
      expect((await data())[0]?.reactions).toEqual({ [alice]: ['3'] });
      // XEP-0444 §4.2
      await fixture.archive.append(alice, reaction('m1', ['late'], { now: noon + 1000 }));
      expect((await data())[0]?.reactions).toEqual({ [alice]: ['3'] });
      await fixture.archive.append(alice, reaction('m1', [], { ...mine, now: noon + 2000 }));
      expect((await data())[0]).not.toHaveProperty('reactions');
    });

    it('the status of what the account sent grows from sent to delivered to displayed', async () => {
      const status = async () => (await data()).map((message) => message.status);
      const sent = (id: string) => outgoing(id, id);
      await appendAll(fixture.archive, [sent('m1'), incoming('m2', 'b'), sent('m3'), sent('m4')]);
      expect(await status()).toEqual(['sent', undefined, 'sent', 'sent']);
      await fixture.archive.append(alice, receipt('m3', 'delivered'));
      expect(await status()).toEqual(['sent', undefined, 'delivered', 'sent']);
      await fixture.archive.append(alice, receipt('m3', 'displayed'));
      expect(await status()).toEqual(['displayed', undefined, 'displayed', 'sent']);
      await fixture.archive.append(alice, receipt('m1', 'displayed'));
      await fixture.archive.append(alice, receipt('m3', 'delivered'));
      expect(await status()).toEqual(['displayed', undefined, 'displayed', 'sent']);
    });

    it('a marker for an edit covers what was sent before the edit', async () => {
      const mine = { author: alice, outgoing: true };
      await appendAll(fixture.archive, [
        outgoing('m1', 'a'),
        outgoing('m2', 'b'),
        edit('m1', 'A', { ...mine, ids: ['e1'] }),
        outgoing('m3', 'c'),
        receipt('e1', 'displayed'),
      ]);
      expect((await data()).map((message) => message.status)).toEqual(['displayed', 'displayed', 'sent']);
    });

    it('a marker counts in its own chat only', async () => {
      await appendAll(fixture.archive, [outgoing('m1', 'a', { chat: carol }), outgoing('m2', 'b')]);
      await fixture.archive.append(alice, receipt('m2', 'displayed'));
      expect((await data()).map((message) => message.status)).toEqual(['sent', 'displayed']);
    });

    it('names that JavaScript knows are names like others', async () => {
      const item = incoming('constructor', '__proto__ constructor toString', { author: '__proto__' });
      await appendAll(fixture.archive, [item, reaction('constructor', ['1'], { author: '__proto__' })]);
      const [message] = await data();
      expect(Object.entries(message?.reactions ?? {})).toEqual([['__proto__', ['1']]]);
      expect(oneIds(await folded(fixture.archive, { text: 'constructor' }))).toEqual(['constructor']);
    });
  });

  describe('full-text search', () => {
    const found = async (text: string, query: Partial<HistoryQuery> = {}) =>
      oneIds(await folded(fixture.archive, { text, ...query }));
    const store = (...texts: string[]) =>
      appendAll(
        fixture.archive,
        texts.map((text, i) => incoming(`m${i}`, text, { chat: i % 2 ? carol : bob })),
      );

    it('every word must be there, in any order, and the last one may be only begun', async () => {
      await store('lunch at noon?', 'noon it is', 'lunch was good', 'nooner');
      expect(await found('noon lunch')).toEqual(['m0']);
      expect(await found('noon')).toEqual(['m0', 'm1', 'm3']);
      expect(await found('lunch noo')).toEqual(['m0']);
      expect(await found('lun noon')).toEqual([]);
      expect(await found('dinner')).toEqual([]);
      expect(await found('good', { chat: carol })).toEqual([]);
      expect(await found('lunch', { chat: bob })).toEqual(['m0', 'm2']);
    });

    it('case and diacritics do not matter, and scripts without spaces can be searched', async () => {
      await store('Grüße aus ZÜRICH', 'Ελλάδα', 'привет МИР', '東京タワーに行く', 'ﬁnal', 'İstanbul', 'naïve café');
      expect(await found('grusse zürich')).toEqual([]);
      expect(await found('gruße zurich')).toEqual(['m0']);
      expect(await found('ελλαδα')).toEqual(['m1']);
      expect(await found('мир')).toEqual(['m2']);
      expect(await found('タワー')).toEqual(['m3']);
      expect(await found('final')).toEqual(['m4']);
      expect(await found('istanbul')).toEqual(['m5']);
      expect(await found('CAFÉ')).toEqual(['m6']);
    });

    const operators = [
      'a AND',
      '"',
      '""',
      "'",
      'hello"',
      '(',
      '*',
      'NEAR(hello world)',
      'words:hello',
      '-hello',
      '^hello',
    ];
    it.each([...operators, '{hello}:x', ') OR (hello', '\0', '\ud800', 'hello\u0000world'])(
      'text is never syntax: %j',
      async (text) => {
        await store('hello world', 'a and b or c', 'near');
        await expect(folded(fixture.archive, { text })).resolves.toMatchObject({ complete: true });
      },
    );

    it('a text without a word finds nothing', async () => {
      await store('... --- ...');
      expect(await found('... ---')).toEqual([]);
      expect(await found('')).toEqual([]);
    });

    it('pages go on with cursors, both ways, and within a time', async () => {
      const texts = Array.from({ length: 10 }, (_, i) => `word${i % 2 ? '' : ' even'}`);
      const items = await appendAll(
        fixture.archive,
        texts.map((text, i) => incoming(`m${i}`, text, { now: noon + i * 1000 })),
      );
      const cursor = (i: number) => items[i]?.archiveId ?? '';
      const newest = await folded(fixture.archive, { text: 'even', max: 2 });
      expect([oneIds(newest), newest.complete]).toEqual([['m6', 'm8'], false]);
      const next = await folded(fixture.archive, { text: 'even', max: 2, before: cursor(6) });
      expect([oneIds(next), next.complete]).toEqual([['m2', 'm4'], false]);
      const last = await folded(fixture.archive, { text: 'even', max: 2, before: cursor(2) });
      expect([oneIds(last), last.complete]).toEqual([['m0'], true]);
      const after = await folded(fixture.archive, { text: 'even', max: 2, after: cursor(1) });
      expect([oneIds(after), after.complete]).toEqual([['m2', 'm4'], false]);
      expect(await found('even', { start: noon + 3000, end: noon + 6000 })).toEqual(['m4', 'm6']);
    });

    it('an edit is found by its own words, not by those it replaced', async () => {
      await store('first words');
      await fixture.archive.append(alice, edit('m0', 'second words'));
      expect(await found('first')).toEqual([]);
      expect(await found('second')).toEqual(['m0']);
      expect(bodies(await folded(fixture.archive, { text: 'second' }))).toEqual(['second words']);
      expect(bodies(await log(fixture.archive, { text: 'second' }))).toEqual(['first words']);
    });

    it('a word that very many others begin with is looked for as it is', async () => {
      const many = Array.from(
        { length: 65 },
        (_, i) => `ab${String.fromCharCode(97 + (i % 26), 97 + (i % 7), 97 + i / 26)}`,
      );
      await store(many.join(' '), 'ab');
      expect(await found('ab')).toEqual(['m1']);
      expect(await found('abc')).toEqual(['m0']);
    });

    it('at most 32 words are searched for', async () => {
      const text = (count: number) => Array.from({ length: count }, (_, i) => `word${i}`).join(' ');
      await store(text(40));
      expect(await found(text(32))).toEqual(['m0']);
      await expect(folded(fixture.archive, { text: text(33) })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('of a long text only the first 1,000 words are known', async () => {
      const long = Array.from({ length: 1001 }, (_, i) => `w${i}`).join(' ');
      const item: NewItem = incoming('m0', long);
      await fixture.archive.append(alice, item);
      expect(await found('w999')).toEqual(['m0']);
      expect(await found('w1000')).toEqual([]);
    });
  });
});

it('words are letters and digits only, so that none can be syntax', () => {
  const everything = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code)).join('a');
  for (const word of words(everything)) expect(word).toMatch(/^[\p{L}\p{N}\p{Co}]+$/u);
});

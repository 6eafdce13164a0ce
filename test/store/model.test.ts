/** Random histories: the archive must say what a naive model of it says. `SEED=n` repeats one that it did not. */
import { expect, it } from 'vitest';
import type { HistoryQuery, NewItem } from '../../src/store/archive.ts';
import { parseArchiveId } from '../../src/store/archive-id.ts';
import { Random } from '../support/random.ts';
import { onEveryDriver } from './drivers.ts';
import { Model } from './model.ts';
import { alice, bob, carol, dora, iso, noon } from './support.ts';

class Dice extends Random {
  #clock = noon;

  some<T>(values: readonly T[], max: number): T[] {
    return Array.from({ length: this.below(max + 1) }, () => this.one(values));
  }

  /** It mostly goes on, sometimes stands still, goes back, or leaps. */
  now(): number {
    this.#clock += this.one([0, 1, 10, 1000, 60_000, -5000, 20 * 3600_000]);
    return this.#clock;
  }

  words(): string {
    return ['see', ...this.some(['lunch', 'lunar', 'noon', 'nooner', 'ok', 'okay', 'see', 'sea'], 4)].join(' ');
  }
}

const ids = Array.from({ length: 12 }, (_, i) => `id${i}`);
const chats = [bob, carol, 'eve@example.net'];

function randomItem(dice: Dice, account: string): NewItem {
  const kind = dice.one([
    ...Array.from({ length: 8 }, () => 'message' as const),
    'message.edited' as const,
    'message.edited' as const,
    'message.retracted' as const,
    'message.failed' as const,
    'reaction' as const,
    'reaction' as const,
    'receipt' as const,
    'receipt' as const,
  ]);
  const chat = dice.one(chats);
  const outgoing = dice.below(2) === 0;
  const author = outgoing ? account : chat;
  const now = dice.now();
  const item = { type: kind, chat, author, outgoing, now };
  const data = { chat, from: author, time: iso(now + dice.one([0, 0, 0, -3600_000])) };
  const text = dice.words();
  const named = { ids: dice.some(ids, 3), text, unread: !outgoing && dice.below(4) > 0 };
  if (kind === 'message') return { ...item, ...named, data: { ...data, body: text } };
  const whose = dice.below(3) === 0 ? {} : { author: dice.one([account, chat]) };
  const target = { id: dice.one(ids), ...whose };
  const details = {
    'message.edited': { body: text },
    'message.retracted': {},
    'message.failed': { error: { code: dice.one(['gone', 'forbidden']) } },
    reaction: { reactions: dice.some(['👋', '🐢', '👍'], 2) },
    receipt: { status: dice.one(['delivered', 'displayed']) },
  }[kind];
  return { ...item, target, data: { ...data, ...details }, ...(kind === 'message.edited' ? named : {}) };
}

function randomQuery(dice: Dice, model: Model): HistoryQuery {
  const query = { max: dice.one([1, 2, 5, 20, 1000]), view: dice.one(['folded', 'log'] as const) };
  const chat = dice.below(2) ? { chat: dice.one([...chats, 'nobody@example.com']) } : {};
  const text = dice.below(4)
    ? {}
    : { text: dice.one(['lun', 'noon', 'ok', 'see noon', 'lunch no', 'noon lunch', 'dinner']) };
  if (model.items.length === 0) return { ...query, ...chat, ...text };
  const cursor = dice.one(model.items).archiveId;
  return { ...query, ...chat, ...text, ...dice.one([{}, { before: cursor }, { after: cursor }]) };
}

onEveryDriver((fixture, driver) => {
  const rounds = driver === 'memory' ? 15 : 3;
  const { SEED } = process.env;
  const seeds = SEED ? [Number(SEED)] : Array.from({ length: rounds }, () => Math.floor(Math.random() * 2 ** 31));

  it.each(seeds)('any history reads as the model says (seed %i)', { timeout: 60_000 }, async (seed) => {
    const dice = new Dice(seed);
    const models: Record<string, Model> = { [alice]: new Model(), [dora]: new Model() };
    let last = '';
    for (let step = 0; step < 150; step++) {
      const where = `seed ${seed}, step ${step}`;
      const [account, model] = dice.one(Object.entries(models));
      const items = Array.from({ length: 1 + dice.below(4) }, () => randomItem(dice, account));
      const archived = await Promise.all(items.map((item) => fixture.archive.append(account, item)));
      for (const [index, item] of items.entries()) {
        const made = archived[index] ?? [];
        // Whether a chat is new is told once, and not kept.
        const kept = made.map(({ newChat: _once, ...one }) => one);
        expect(kept, where).toEqual(
          model.append(
            item,
            made.map((one) => one.archiveId),
          ),
        );
        for (const { archiveId } of made) {
          expect(archiveId > last, where).toBe(true);
          last = archiveId;
        }
      }
      if (dice.below(10) === 0) await fixture.reopen();
      if (dice.below(25) === 0) await prune(account);
      await mark(account, model, where);
      await compare(account, model, where);
    }

    /** Retention is one for all accounts. */
    async function prune(account: string): Promise<void> {
      const oldest = models[account]?.items[dice.below(20)];
      const number = parseArchiveId(oldest?.archiveId ?? '') ?? 0;
      const before = Math.floor(number / 1024);
      while ((await fixture.archive.prune({ before }, 7)) > 0);
      for (const one of Object.values(models)) one.prune((id) => (parseArchiveId(id) ?? 0) < before * 1024);
    }

    async function mark(account: string, model: Model, where: string): Promise<void> {
      const [chat, id] = [dice.one(chats), dice.one(ids)];
      const expected = model.markRead(chat, id);
      const marking = fixture.archive.markRead(account, chat, id).then(
        (marked) => (marked ? 'moved' : 'unmoved'),
        () => 'unknown',
      );
      expect(await marking, where).toBe(expected);
    }

    async function compare(account: string, model: Model, where: string): Promise<void> {
      const query = randomQuery(dice, model);
      const about = `${where}, ${account}, ${JSON.stringify(query)}`;
      expect(await fixture.archive.history(account, query), about).toEqual(model.history(query));
      expect(await fixture.archive.last(account), about).toBe(model.items.at(-1)?.archiveId);
      const list = await fixture.archive.chats(account, { max: 100 });
      expect(
        list.items.map(({ chat, unread }) => [chat, unread]),
        about,
      ).toEqual(model.chats.map((chat) => [chat, model.unread(chat)]));
    }
  });
});

/**
 * Measures the archive at several sizes: `node bench/archive.ts [SIZE …]`. What it prints must not grow with the archive:
 * the time of a page, wherever it lies, and of a full-text search, and the CPU time that an insert takes.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Archive, HistoryQuery, NewItem } from '../src/store/archive.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';
import { Random } from '../test/support/random.ts';

const alice = 'alice@web.example.com';
const otherAccounts = 100;
const chats = 50;
const pageSize = 50;
const batch = 50;
const rounds = 200;

const random = new Random(1);
const next = () => random.next();
const below = (limit: number) => random.below(limit);

/** Words as people use them: the n-th most frequent one n times as rare as the first. */
const syllables = ['ka', 'lo', 'mi', 'nu', 're', 'sa', 'ti', 'vo', 'we', 'ya', 'zu', 'bel', 'dor', 'fin', 'gan', 'hol'];
const syllable = (index: number) => syllables[index % syllables.length] ?? '';
const vocabulary = Array.from({ length: 30_000 }, (_, n) => {
  const ends = `${syllable(n)}${syllable(Math.floor(n / 16))}${syllable(Math.floor(n / 256))}`;
  return n < 4096 ? ends : `${ends}${syllable(Math.floor(n / 4096))}`;
});
const word = () => vocabulary[Math.floor(vocabulary.length ** next())] ?? '';
const sentence = () => Array.from({ length: 4 + below(12) }, word).join(' ');

const chatOf = (index: number) => `contact${index}@example.com`;
const accountOf = (index: number) => `user${index}@web.example.com`;

let clock = Date.UTC(2026, 0, 1);
let made = 0;

function message(chat: string, account: string): NewItem {
  const body = sentence();
  const outgoing = next() < 0.5;
  const id = `${(made++).toString(16).padStart(8, '0')}-${below(2 ** 32).toString(16)}-4c3a-9a51-2f6f3c1f0a11`;
  const [from, to] = outgoing ? [account, chat] : [`${chat}/phone`, account];
  clock += 5;
  const time = new Date(clock).toISOString();
  const data = { chat, type: 'chat', from, to, time, body, originId: id, ...(outgoing ? { outgoing } : {}) };
  const author = outgoing ? account : chat;
  return { type: 'message', chat, author, outgoing, now: clock, ids: [id], data, text: body, unread: !outgoing };
}

/** Each tenth message is somebody else's. */
async function fill(archive: Archive, from: number, to: number): Promise<void> {
  for (let count = from; count < to; count += 1000) {
    const size = Math.min(1000, to - count);
    const calls = Array.from({ length: size }, () => archive.append(alice, message(chatOf(below(chats)), alice)));
    for (let i = 0; i < size / 10; i++) {
      const account = accountOf(below(otherAccounts));
      calls.push(archive.append(account, message(chatOf(below(chats)), account)));
    }
    await Promise.all(calls);
  }
}

/** Median and worst time of a call, in ms. */
async function time(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  return `${at(0.5)} / ${at(0.99)}`;
}

/** CPU time of a call in µs, and calls a second, in batches. What is inserted is made beforehand. */
async function rate(make: () => () => Promise<unknown>, batches = 200): Promise<{ cpu: string; perSecond: number }> {
  const calls = Array.from({ length: batches * batch }, make);
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < calls.length; i += batch) await Promise.all(calls.slice(i, i + batch).map((call) => call()));
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round((calls.length / (performance.now() - start)) * 1000);
  return { cpu: ((user + system) / calls.length).toFixed(1), perSecond };
}

async function pages(archive: Archive): Promise<Record<string, string>> {
  const page = (query: Partial<HistoryQuery>) => archive.history(alice, { max: pageSize, view: 'folded', ...query });
  const somewhere = async () => {
    const { items } = await archive.history(alice, { max: 1, view: 'log', after: await oldest(archive) });
    return items[0]?.archiveId ?? '';
  };
  const deep = await somewhere();
  const rare = () => vocabulary[vocabulary.length - 1 - below(10_000)] ?? '';
  const common = () => vocabulary[below(20)] ?? '';
  const measured: Record<string, () => Promise<unknown>> = {
    'newest page': () => page({}),
    'newest page of a chat': () => page({ chat: chatOf(below(chats)) }),
    'newest page of a chat, log': () => page({ chat: chatOf(below(chats)), view: 'log' }),
    'deep page': () => page({ after: deep }),
    'deep page of a chat': () => page({ chat: chatOf(below(chats)), after: deep }),
    'search: common word': () => page({ text: common() }),
    'search: rare word': () => page({ text: rare() }),
    'search: common and rare': () => page({ text: `${common()} ${rare()}` }),
    'search: two common words': () => page({ text: `${common()} ${common()}` }),
    'search: begun word': () => page({ text: rare().slice(0, 5) }),
    'search: barely begun word': () => page({ text: rare().slice(0, 2) }),
    'search: common, in a chat': () => page({ text: common(), chat: chatOf(below(chats)) }),
    'search: common, deep': () => page({ text: common(), after: deep }),
    'search: nothing found': () => page({ text: 'xylophone' }),
    'chat list': () => archive.chats(alice, { max: pageSize }),
  };
  const result: Record<string, string> = {};
  for (const [name, call] of Object.entries(measured)) result[name] = await time(call);
  return result;
}

async function oldest(archive: Archive): Promise<string> {
  const start = Date.UTC(2026, 0, 1);
  const { items } = await archive.history(alice, { max: 1, view: 'log', end: start + 10_000 });
  return items[0]?.archiveId ?? '';
}

async function inserts(archive: Archive): Promise<Record<string, string>> {
  const own = await rate(() => {
    const item = message(chatOf(below(chats)), alice);
    return () => archive.append(alice, item);
  });
  const spread = await rate(() => {
    const account = accountOf(below(otherAccounts));
    const item = message(chatOf(below(chats)), account);
    return () => archive.append(account, item);
  });
  const send = await rate(() => {
    const item = { ...message(chatOf(below(chats)), alice), author: alice, outgoing: true };
    const id = item.ids?.[0] ?? '';
    const sending = { id, chat: item.chat, digest: id, stanza: 'x'.repeat(500), at: clock };
    return async () => {
      await archive.beginSend(alice, sending);
      await archive.finishSend(alice, id, item, { id, chat: item.chat });
    };
  });
  return {
    'append, one account: µs': own.cpu,
    'append, one account: per second': `${own.perSecond}`,
    'append, 100 accounts: µs': spread.cpu,
    'append, 100 accounts: per second': `${spread.perSecond}`,
    'beginSend and finishSend: µs': send.cpu,
  };
}

async function open(file: string): Promise<Store> {
  const store = await openStore(`sqlite:${file}`);
  for (const account of [alice, ...Array.from({ length: otherAccounts }, (_, i) => accountOf(i))]) {
    await store.openAccount(account, true);
  }
  return store;
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 100_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-archive-'));
const file = join(folder, 'archive.db');
const store = await open(file);
const table: Record<string, Record<string, string>> = {};
try {
  await inserts(store.archive);
  let filled = 0;
  for (const size of sizes) {
    await fill(store.archive, filled, size);
    filled = size;
    const figures = { ...(await pages(store.archive)), ...(await inserts(store.archive)) };
    const megabytes = (statSync(file).size / 1e6).toFixed(0);
    for (const [name, value] of Object.entries({ ...figures, 'file: MB': megabytes })) {
      table[name] = { ...table[name], [size.toLocaleString('en')]: value };
    }
  }
  console.log(`ms: median / 99th percentile of ${rounds}; pages of ${pageSize}; inserts in batches of ${batch}`);
  console.table(table);
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}

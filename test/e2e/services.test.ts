/** Commands, nodes, the board of docs/board.md and blocking on real servers; the other side of a block is slixmpp. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { fences } from '../support/markdown.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

type Card = Record<string, unknown>;

/** What the code of docs/board.md makes. */
interface Board {
  readonly cards: Map<string, Card>;
  put(id: string, card: Card): Promise<unknown>;
  remove(id: string): Promise<unknown>;
  close(): void;
}

interface BoardOptions {
  url: string;
  token: string;
  service: string;
  node: string;
  onChange: (cards: Map<string, Card>) => void;
}

/** The code as the page has it. */
async function boardCode(): Promise<(options: BoardOptions) => Promise<Board>> {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/board.md'), 'utf8');
  const blocks = fences(page).filter(({ info }) => info === 'js');
  const folder = mkdtempSync(path.join(tmpdir(), 'stanzawire-board-'));
  const file = path.join(folder, 'board.mjs');
  writeFileSync(file, blocks.flatMap(({ lines }) => lines).join('\n'));
  const { openBoard } = await import(/* @vite-ignore */ pathToFileURL(file).href);
  rmSync(folder, { recursive: true });
  return openBoard;
}

const open = { 'pubsub#access_model': 'open', 'pubsub#publish_model': 'open', 'pubsub#persist_items': true };

onEveryServer('services', (server) => {
  const service = 'pubsub.example.test';
  let gateway: TestGateway;
  let operator: JsonClient;
  let alice: JsonClient;

  beforeAll(async () => {
    const env = { STANZAWIRE_ACCOUNTS_REPORTS_TO: `juliet@${server().host}` };
    gateway = await TestGateway.start(upstreamOf(server()), env);
    operator = await gateway.login('operator');
    if (operator.ready?.link === 'down') await operator.next('state', ({ link }) => link === 'up', 30_000);
    alice = await gateway.login('alice');
  });
  afterAll(() => gateway.stop());

  const ejabberd = () => server().kind === 'ejabberd';

  test('anybody runs the commands that are for anybody, and no others', async () => {
    const node = ejabberd() ? 'ping' : 'uptime';
    const { items } = await alice.request('command.list', {});
    expect(items.map((item) => item.node)).toEqual([node]);
    const done = await alice.request('command.run', { node });
    expect(done).toMatchObject({ node, status: 'completed', actions: [] });
    expect(done.notes[0]?.text).toMatch(ejabberd() ? /^Pong$/ : /running for/);
    const admin = 'http://jabber.org/protocol/admin#user-stats';
    expect(await alice.refused('command.run', { node: admin })).toMatchObject({ by: server().host });
  });

  test('an administrator runs one of several steps, or gives it up', async () => {
    const node = 'http://jabber.org/protocol/admin#user-stats';
    const first = await operator.request('command.list', { max: 2 });
    expect(first.items).toHaveLength(2);
    expect(first.complete).toBe(false);
    const asked = await operator.request('command.run', { node });
    expect(asked).toMatchObject({ status: 'executing', default: 'complete' });
    expect(asked.form?.fields.map((field) => field.var)).toContain('accountjid');
    const { sessionId = '' } = asked;
    const wrong = { node, sessionId, action: 'complete', values: { accountjid: '@' } };
    expect(await operator.refused('command.run', wrong)).toMatchObject({ field: 'values.accountjid' });
    const values = { accountjid: `romeo@${server().host}` };
    const done = await operator.request('command.run', { node, sessionId, action: 'complete', values });
    expect(done.status).toBe('completed');
    expect(JSON.stringify(done.form)).toMatch(/rostersize|ipaddresses/);
    const again = await operator.request('command.run', { node });
    const given = { node, sessionId: again.sessionId ?? '', action: 'cancel' } as const;
    expect(await operator.request('command.run', given)).toMatchObject({ status: 'canceled', actions: [] });
  });

  test('a node is made, filled, read by pages, changed, and ended', async () => {
    const node = 'plans';
    expect(await operator.request('pubsub.create', { service, node, values: open })).toEqual({ node });
    expect(await operator.refused('pubsub.create', { service, node })).toMatchObject({ code: 'conflict', by: service });
    const made = await operator.request('pubsub.create', { service });
    expect(made.node).toMatch(/./);
    expect(await alice.refused('pubsub.delete', { service, node })).toMatchObject({ code: 'forbidden' });
    expect(await alice.request('pubsub.subscribe', { service, node })).toMatchObject({ subscription: 'subscribed' });
    for (let i = 0; i < 5; i++) {
      const item = { id: `p${i}`, json: { n: i, deep: [{ list: [1, 'zwei', true] }] } };
      expect(await operator.request('pubsub.publish', { service, node, item })).toEqual({ id: `p${i}` });
      expect((await alice.next('pubsub')).items).toMatchObject([item]);
    }
    const seen: unknown[] = [];
    for (let after: string | undefined; ; ) {
      const page = await alice.request('pubsub.get', { service, node, max: 2, ...(after ? { after } : {}) });
      expect(page.count).toBe(5);
      seen.push(...page.items.map(({ id }) => id));
      if (page.complete) break;
      after = page.last;
    }
    expect(seen).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
    const some = await alice.request('pubsub.get', { service, node, ids: ['p3'] });
    expect(some.items).toMatchObject([{ id: 'p3', json: { n: 3 } }]);

    const atom = {
      name: 'entry',
      attrs: { xmlns: 'http://www.w3.org/2005/Atom' },
      children: [{ name: 'title', children: ['<&>'] }],
    };
    const tree = await alice.request('pubsub.publish', { service, node, item: { payload: atom } });
    const { items } = await alice.next('pubsub');
    expect(items[0]?.id).toBe(tree.id);
    expect(items[0]?.payload).toMatchObject({ name: 'entry', children: [{ name: 'title', children: ['<&>'] }] });

    await operator.request('pubsub.retract', { service, node, ids: ['p0', 'p1'] });
    for (const id of ['p0', 'p1']) expect((await alice.next('pubsub')).retracted).toEqual([id]);
    const { form } = await operator.request('pubsub.config', { service, node, values: { 'pubsub#max_items': 20 } });
    expect(form.fields.find((field) => field.var === 'pubsub#max_items')?.values).toEqual(['20']);
    await alice.request('pubsub.unsubscribe', { service, node });
    await operator.request('pubsub.publish', { service, node, item: { id: 'unseen', json: 1 } });
    await operator.request('pubsub.delete', { service, node });
    expect(await alice.refused('pubsub.get', { service, node })).toMatchObject({ code: 'item-not-found' });
    expect(JSON.stringify(await alice.rest())).not.toContain('unseen');
  });

  test('the board of docs/board.md shows two people the same', async () => {
    await operator.request('pubsub.create', { service, node: 'board', values: open });
    const openBoard = await boardCode();
    const login = async (user: string) =>
      openBoard({
        url: gateway.url,
        token: await gateway.token(user),
        service,
        node: 'board',
        onChange: () => undefined,
      });
    const one = await login('alice');
    for (let i = 0; i < 3; i++) await one.put(`card-${i}`, { title: `Card ${i}`, column: 'todo' });
    const two = await login('bob');
    expect(two.cards.size).toBe(3);
    await two.put('card-1', { title: 'Card 1', column: 'done' });
    await two.remove('card-0');
    await one.put('card-3', { title: 'Ship it', column: 'todo' });
    const expected = {
      'card-1': { title: 'Card 1', column: 'done' },
      'card-2': { title: 'Card 2', column: 'todo' },
      'card-3': { title: 'Ship it', column: 'todo' },
    };
    for (const board of [one, two]) {
      await vi.waitFor(() => expect(Object.fromEntries(board.cards)).toEqual(expected), { timeout: 5000 });
    }
    one.close();
    two.close();
    await alice.rest();
  });

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'someone blocked sees the account go, is refused, is reported, and is let in again',
    async () => {
      const romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      const moderator = await SlixmppPeer.login({ server: server(), user: 'juliet' });
      const web = `${alice.user}/web`;
      const tablet = await gateway.login('alice');
      await romeo.subscribe(alice.user);
      await alice.next('contact.request', ({ jid }) => jid === romeo.bareJid);
      await alice.request('contact.add', { jid: romeo.bareJid });
      await romeo.next('subscription', ({ type }) => type === 'subscribe');
      await romeo.subscribed(alice.user);
      await romeo.next('presence', ({ from, type }) => from === web && type === 'available');
      await alice.next('presence', ({ from, type }) => from === romeo.jid && type === 'available');
      const answers = async (xmlns: string, name: string) => romeo.iq('get', web, `<${name} xmlns='${xmlns}'/>`);
      expect(await answers('jabber:iq:last', 'query')).toContain('seconds="0"');
      expect(await answers('urn:xmpp:time', 'time')).toContain('<tzo>+00:00</tzo>');

      const node = 'urn:example:notes';
      const note = (text: string) =>
        `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item id='n'>` +
        `<note xmlns='urn:example:note'>${text}</note></item></publish></pubsub>`;
      await romeo.iq('set', undefined, note('first'));
      const wanted = await alice.request('pubsub.subscribe', { service: romeo.bareJid, node });
      expect(wanted).toMatchObject({ subscription: 'subscribed' });
      await romeo.iq('set', undefined, note('second'));
      // ejabberd delivers these by presence, and does not know that of other domains' users.
      if (!ejabberd()) {
        const isSecond = ({ items }: { items: unknown[] }) => JSON.stringify(items).includes('second');
        const event = await alice.next('pubsub', isSecond);
        expect(event).toMatchObject({ service: romeo.bareJid, node, items: [{ id: 'n' }] });
      }
      expect((await alice.request('pubsub.get', { service: romeo.bareJid, node })).items).toHaveLength(1);

      await romeo.send({ to: alice.user, body: 'Buy this!' });
      const { id } = await alice.next('message', ({ body }) => body === 'Buy this!');
      await tablet.next('message');
      await tablet.rest();
      await alice.request('block.add', { jids: [romeo.bareJid], report: 'spam', messages: [id] });
      expect(await tablet.next('block')).toEqual({ jids: [romeo.bareJid], blocked: true });
      await romeo.next('presence', ({ from, type }) => from === web && type === 'unavailable');
      const report = await moderator.next('message', ({ xml }) => xml.includes('urn:xmpp:reporting:spam'));
      expect(report).toMatchObject({ from: gateway.domain });
      expect(report.xml).toContain('Buy this!');

      const sent = await romeo.send({ to: alice.user, body: 'Why?' });
      const bounce = await romeo.next('message', ({ type, id: of }) => type === 'error' && of === sent);
      expect(bounce.error).toMatchObject({ condition: 'service-unavailable' });
      await expect(answers('jabber:iq:last', 'query')).rejects.toThrow(/service-unavailable/);
      await romeo.presence({ status: 'look at me' });
      await romeo.iq('set', undefined, note('look at me'));
      await romeo.probe(alice.user);
      expect(await alice.refused('message.send', { to: romeo.bareJid, body: 'no' })).toMatchObject({
        code: 'not-acceptable',
        app: { name: 'blocked' },
      });
      // What goes through the server behind it would have brought the presence too.
      await alice.request('disco.info', {});
      expect((await alice.rest()).filter(({ data }) => JSON.stringify(data ?? {}).includes('look at me'))).toEqual([]);

      await alice.request('block.remove', { jids: [romeo.bareJid] });
      await romeo.next('presence', ({ from, type }) => from === web && type === 'available');
      await alice.next('presence', ({ status }) => status === 'look at me');
      await romeo.send({ to: alice.user, body: 'Thank you' });
      await alice.next('message', ({ body }) => body === 'Thank you');
      await Promise.all([romeo.close(), moderator.close(), tablet.close()]);
    },
  );
});

/** What a session writes: numbers, what `raw` adds, and what it is spared. */
import { beforeEach, describe, expect, it } from 'vitest';
import { extension, rfc } from '../../src/extension.ts';
import { builtIn } from '../../src/extensions/index.ts';
import { events } from '../../src/protocol/frames.ts';
import { TestCore } from '../support/core.ts';

let core: TestCore;

beforeEach(async () => {
  core = await TestCore.create();
});

const message = (inner: string) =>
  `<message from="romeo@example.com/orchard" to="alice@web.example.com" type="chat" id="m">${inner}</message>`;
const typing = '<composing xmlns="http://jabber.org/protocol/chatstates"/>';
const odd = '<odd xmlns="urn:example:odd"/>';

describe('events', () => {
  it('of the numbered class count from 1, the others have no number', async () => {
    const alice = await core.login('alice');
    const presence = '<presence from="romeo@example.com/orchard" to="alice@web.example.com"/>';
    await core.receive(message('<body>1</body>') + message(typing) + presence + message('<body>2</body>'));
    core.link.becomes('down');
    expect(alice.events().map(({ type, seq }) => [type, seq])).toEqual([
      ['message', 1],
      ['typing', undefined],
      ['presence', undefined],
      ['message', 2],
      ['state', undefined],
    ]);
    expect(Object.entries(events).filter(([, event]) => event.class === 'numbered').length).toBeGreaterThan(1);
  });

  it('of the link are not told to who is about to read of it in ready', async () => {
    // The link is lost between the beginning of the session and its ready.
    const chats = (): object => {
      core.link.becomes('down');
      return {};
    };
    const loses = extension({ spec: rfc(1, '1'), snapshots: { chats } });
    core = await TestCore.create({ extensions: [...builtIn, loses] });
    const alice = await core.login('alice', { want: ['chats'] });
    expect(alice.take()).toMatchObject([{ type: 'ready', data: { link: 'down' } }]);
    core.link.becomes('up');
    expect(alice.take()).toMatchObject([{ type: 'state', data: { link: 'up' } }]);
  });

  it('are numbered by each session for itself', async () => {
    const alice = await core.login('alice');
    await core.receive(message('<body>1</body>'));
    const tablet = await core.login('alice');
    await core.receive(message('<body>2</body>'));
    expect(alice.events('message').map(({ seq }) => seq)).toEqual([1, 2]);
    expect(tablet.events('message')).toMatchObject([{ seq: 1, data: { body: '2' } }]);
  });
});

describe('events of one stanza after another', () => {
  it('are in the order of the stanzas, though messages are stored first', async () => {
    const alice = await core.login('alice');
    const bodies = Array.from({ length: 4 }, (_, i) => message(typing) + message(`<body>${i}</body>`)).join('');
    await core.receive(bodies);
    const seen = alice.events().map(({ type, data }) => (type === 'message' ? data?.body : type));
    expect(seen).toEqual(['typing', '0', 'typing', '1', 'typing', '2', 'typing', '3']);
  });

  it('behind a message may be one that is nested too deep to show: its sender gets an error', async () => {
    const alice = await core.login('alice', { raw: 'full' });
    const deep = `${'<a xmlns="urn:example:deep">'.repeat(70)}${'</a>'.repeat(70)}`;
    await core.receive(message('<body>1</body>') + message(deep) + message('<body>2</body>'));
    expect(alice.events().map(({ data }) => data?.body)).toEqual(['1', '2']);
    expect(core.link.sent.map(({ attrs }) => attrs.type)).toEqual(['error']);
    expect(core.bugs).toEqual([]);
  });
});

describe('raw', () => {
  it('none shows fields alone, and no stanza without any', async () => {
    const alice = await core.login('alice');
    await core.receive(message(`<body>1</body>${odd}`) + message(odd));
    expect(alice.events()).toMatchObject([{ type: 'message', seq: 1 }]);
    expect(Object.keys(alice.events()[0]?.data ?? {})).not.toContain('extra');
  });

  it('extra adds the parts without a field, full the whole stanza', async () => {
    const extra = await core.login('alice', { raw: 'extra' });
    const full = await core.login('alice', { raw: 'full' });
    await core.receive(message(`<body>1</body>${odd}`) + message(odd));
    const tree = { name: 'odd', attrs: { xmlns: 'urn:example:odd' }, children: [] };
    expect(extra.events()[0]?.data).toMatchObject({ body: '1', extra: [tree] });
    expect(full.events()[0]?.data).toMatchObject({
      body: '1',
      stanza: { name: 'message', attrs: { id: 'm' }, children: [{ name: 'body', children: ['1'] }, tree] },
    });
    expect(extra.events()[1]).toEqual(full.events()[1]);
    expect(extra.events()[1]).toMatchObject({ type: 'stanza', seq: 2, data: { stanza: { children: [tree] } } });
  });

  it('leaves out what is nested deeper than a tree may be, and every session has the message', async () => {
    const deep = `${'<a xmlns="urn:example:deep">'.repeat(70)}${'</a>'.repeat(70)}`;
    const full = await core.login('alice', { raw: 'full' });
    const extra = await core.login('alice', { raw: 'extra' });
    const none = await core.login('alice');
    await core.receive(message(`<body>1</body>${deep}${odd}`));
    expect(full.events()).toMatchObject([{ type: 'message', data: { body: '1' } }]);
    expect(full.events()[0]?.data?.stanza).toBeUndefined();
    expect(extra.events()).toMatchObject([{ data: { body: '1', extra: [{ name: 'odd' }] } }]);
    expect(none.events()).toMatchObject([{ data: { body: '1' } }]);
    expect(core.link.sent).toEqual([]);
  });

  it('needs its scope', async () => {
    const core2 = await TestCore.create();
    core2.scopes = new Set();
    const alice = await core2.login('alice', { raw: 'extra' });
    expect(alice.take()).toMatchObject([{ type: 'error', error: { code: 'forbidden' } }]);
  });
});

it('a session that has ended gets nothing more', async () => {
  const alice = await core.login('alice');
  const tablet = await core.login('alice');
  await alice.request('session.end');
  expect(alice.closedWith).toBe(1000);
  alice.take();
  await core.receive(message('<body>1</body>'));
  expect(alice.take()).toEqual([]);
  expect(tablet.events('message')).toHaveLength(1);
});

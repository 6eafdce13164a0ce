/** What holds for the list of extensions as a whole, and behaviour of one that a pair of XML and JSON cannot show. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { builtIn } from '../src/extensions/index.ts';
import { ns } from '../src/xmpp/namespaces.ts';
import { find } from '../src/xmpp/stanza.ts';
import { TestCore } from './support/core.ts';

const folder = join(import.meta.dirname, '../src/extensions');
const sources = globSync(['{rfc,xep}[0-9]*.ts', '{rfc,xep}[0-9]*/index.ts'], { cwd: folder }).map((file) => ({
  file,
  text: readFileSync(join(folder, file), 'utf8'),
}));

describe('an extension', () => {
  it.each(sources)('$file begins with its specification, and its version if it has one', ({ file, text }) => {
    const [, kind = '', number = ''] = /^(rfc|xep)(\d+)/.exec(file) ?? [];
    const spec = `${kind.toUpperCase()}${kind === 'xep' ? '-' : ' '}${number}`;
    const version = /xep\('\d+', '([^']+)'\)/.exec(text)?.[1];
    const header = text.slice(0, text.indexOf('*/'));
    expect(header.replace(/^\/\*\*[\s*]*/, '').startsWith(spec)).toBe(true);
    expect(text).toContain(kind === 'xep' ? `spec: xep('${number}', '${version}')` : `spec: rfc(${number}, `);
    if (version !== undefined) expect(header).toContain(` ${version}`);
  });

  it('is in the list once', () => {
    const own = builtIn.filter(({ spec }) => spec.name.startsWith('PROTOCOL.md'));
    expect(sources).toHaveLength(builtIn.length - own.length);
    expect(new Set(builtIn.map(({ spec }) => spec.url)).size).toBe(builtIn.length);
  });
});

it('no two extensions write the same field', () => {
  for (const object of ['message', 'presence', 'typing'] as const) {
    const names = builtIn.flatMap((one) => Object.keys(one[object] ?? {}));
    expect(names).toEqual([...new Set(names)]);
  }
});

describe('of an account', () => {
  let core: TestCore;
  beforeEach(async () => {
    core = await TestCore.create();
    await core.contacts('alice', { jid: 'romeo@example.com', subscription: 'from' });
  });

  const typing = (to: string) => ({ to, state: 'composing' });
  const states = () => core.link.sent.filter((stanza) => find(stanza, 'composing', ns.chatStates)).length;

  it('typing is told to nobody while it is invisible', async () => {
    const alice = await core.login('alice', { presence: false });
    await alice.request('typing.send', typing('romeo@example.com'));
    expect(states()).toBe(0);
    const phone = await core.login('alice', { presence: { show: 'away' } });
    await alice.request('typing.send', typing('romeo@example.com'));
    expect(states()).toBe(1);
    phone.close();
    await alice.request('typing.send', typing('romeo@example.com'));
    expect(states()).toBe(1);
  });

  it('typing is told to nobody who may not know that somebody is there, and is ok all the same', async () => {
    const alice = await core.login('alice');
    const juliet = { to: 'juliet@example.com', body: 'hi' };
    expect(await alice.request('typing.send', typing(juliet.to))).toMatchObject({ type: 'ok' });
    expect(states()).toBe(0);
    await alice.request('message.send', juliet);
    await alice.request('typing.send', typing(`${juliet.to}/balcony`));
    expect(states()).toBe(1);
    await alice.request('typing.send', typing('tybalt@example.com'));
    expect(states()).toBe(1);
  });

  it('typing is dropped while the link is down', async () => {
    const alice = await core.login('alice');
    core.link.becomes('down');
    expect(await alice.request('typing.send', typing('romeo@example.com'))).toMatchObject({ type: 'ok' });
    core.link.becomes('up');
    expect(states()).toBe(0);
  });

  it('a request for subscription waits for whoever connects next, and is shown until it is answered', async () => {
    await core.login('alice').then((alice) => alice.close());
    await core.receive('<presence from="Carol@example.org/x" to="alice@web.example.com" type="subscribe"/>');
    const request = { jid: 'carol@example.org' };
    const first = await core.login('alice');
    expect(first.events()).toMatchObject([{ type: 'contact.request', data: request }]);
    const second = await core.login('alice', { want: ['contacts'] });
    expect(second.take()).toMatchObject([{ type: 'ready', data: { requests: [request] } }]);
    expect(await first.request('contact.deny', request)).toMatchObject({ type: 'ok' });
    expect(await first.request('contact.deny', request)).toMatchObject({ type: 'ok' });
    expect(first.events('contact.removed')).toMatchObject([{ data: request }]);
    const third = await core.login('alice', { want: ['contacts'] });
    expect(third.take()).toMatchObject([
      { type: 'ready', data: { requests: [], contacts: [{ jid: 'romeo@example.com' }] } },
    ]);
    expect(third.take()).toEqual([]);
  });

  it('whoever is approved sees its presence from then on', async () => {
    const alice = await core.login('alice');
    await core.receive('<presence from="carol@example.org" to="alice@web.example.com" type="subscribe"/>');
    await alice.request('contact.approve', { jid: 'carol@example.org' });
    core.link.sent.length = 0;
    await alice.request('presence.set', { show: 'dnd' });
    expect(core.link.sent.map(({ attrs }) => attrs.to)).toEqual(['romeo@example.com', 'carol@example.org']);
    await core.receive('<presence from="carol@example.org" to="alice@web.example.com" type="unsubscribe"/>');
    core.link.sent.length = 0;
    await alice.request('presence.set', {});
    await core.settled();
    expect(core.link.sent.map(({ attrs }) => attrs.to)).toEqual(['romeo@example.com']);
  });
});

/** What a client does to messages: edits, retracts, reacts, marks; to whom that goes, by which id, and who may not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Child, childText, type Element, el, elements, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_LIMITS_RATE: '1000' });
const romeo = 'romeo@example.com';
let alice: JsonClient;
let tablet: JsonClient;

beforeAll(async () => {
  alice = await at.gateway.login('alice', { scopes: ['raw'], raw: 'extra' });
  tablet = await at.gateway.login('alice', {});
  await at.befriend(alice, romeo);
  alice.inbox.take();
  tablet.inbox.take();
});
afterAll(async () => {
  await alice.close();
  await tablet.close();
});

const body = (text: string) => el('body', {}, text);
const originId = (id: string) => el('origin-id', { xmlns: ns.stanzaIds, id });

/** Romeo says something, and Alice has it. */
async function heard(id: string | undefined, ...children: Child[]): Promise<string> {
  at.server.send(el('message', { from: `${romeo}/x`, to: alice.user, type: 'chat', id }, ...children));
  const { id: one } = await alice.next('message');
  await tablet.next('message');
  await at.stanzas();
  return one;
}

/** Alice says something, and Romeo has it. */
async function said(id: string, content: object = { body: 'teh' }): Promise<void> {
  await alice.request('message.send', { to: romeo, id, ...content });
  await tablet.next('message');
  await at.stanzas();
}

/** The one message that went out since. */
async function sent(): Promise<Element> {
  const all = (await at.stanzas()).filter((one) => nameOf(one) === 'message');
  expect(all).toHaveLength(1);
  return all[0] ?? el('nothing');
}

const refusal = (code: string, field?: string) => ({ error: { code, ...(field ? { field } : {}) } });
const has = (stanza: Element, name: string, xmlns: string) => find(stanza, name, xmlns) !== undefined;
const fold = async (id: string) => {
  const { items } = await alice.request('history.get', { chat: romeo, ids: [id] });
  return items[0]?.data as Record<string, unknown>;
};

describe('an edit of a message', () => {
  it('is the whole message again, with the id attribute of the first version, and asks for receipts', async () => {
    await said('m1', { body: 'teh', subject: 's', thread: 't', parentThread: 'p' });
    const acted = await alice.request('message.edit', { to: romeo, id: 'm1', body: 'the', subject: null });
    const stanza = await sent();
    expect(stanza.attrs).toMatchObject({ from: `${alice.user}/web`, to: romeo, type: 'chat', id: acted.id });
    expect(childText(stanza, 'body', '')).toBe('the');
    expect(childText(stanza, 'thread', '')).toBe('t');
    expect(has(stanza, 'subject', '')).toBe(false);
    expect(find(stanza, 'replace', ns.correction)?.attrs.id).toBe('m1');
    expect(find(stanza, 'origin-id', ns.stanzaIds)?.attrs.id).toBe(acted.id);
    for (const [name, xmlns] of [
      ['request', ns.receipts],
      ['markable', ns.markers],
      ['active', ns.chatStates],
    ] as const) {
      expect(has(stanza, name, xmlns), name).toBe(true);
    }
    expect(acted).toMatchObject({ replace: 'm1', chat: romeo, type: 'chat', archiveId: expect.any(String) });
    expect(await tablet.next('message.edited')).toMatchObject({
      id: acted.id,
      replace: 'm1',
      chat: romeo,
      outgoing: true,
      from: alice.user,
      body: 'the',
      thread: 't',
      archiveId: acted.archiveId,
    });
    expect(alice.inbox.take()).toEqual([]);
    expect(await fold('m1')).toMatchObject({ id: 'm1', body: 'the', thread: 't', edited: {}, status: 'sent' });
  });

  it('starts from the last version, and names the first one each time, also of a message that is not the last', async () => {
    await said('m2', { body: 'one', thread: 't2' });
    await said('m3', { body: 'newer' });
    await alice.request('message.edit', { to: romeo, id: 'm2', thread: 't3' });
    await alice.request('message.edit', { to: romeo, id: 'm2', body: 'two' });
    const [first, second] = (await at.stanzas()).filter((one) => nameOf(one) === 'message');
    expect(first && childText(first, 'body', '')).toBe('one');
    expect(second && childText(second, 'thread', '')).toBe('t3');
    expect(second && find(second, 'replace', ns.correction)?.attrs.id).toBe('m2');
    expect(await fold('m2')).toMatchObject({ body: 'two', thread: 't3' });
    await tablet.next('message.edited');
    await tablet.next('message.edited');
  });

  it('that is asked for before the message has its ok comes behind it', async () => {
    const first = alice.request('message.send', { to: romeo, id: 'm4', body: 'a' });
    const edit = alice.request('message.edit', { to: romeo, id: 'm4', body: 'b' });
    await Promise.all([first, edit]);
    expect(await tablet.next('message')).toMatchObject({ id: 'm4' });
    expect(await tablet.next('message.edited', (one) => one.replace === 'm4')).toMatchObject({ body: 'b' });
    await at.stanzas();
  });

  it('with an id of its own is sent once, whoever repeats it', async () => {
    await said('m5');
    const data = { to: romeo, id: 'm5', originId: 'm5-edit', body: 'the' };
    const first = await alice.request('message.edit', data);
    expect(first.id).toBe('m5-edit');
    expect(await tablet.request('message.edit', data)).toEqual(first);
    await sent();
    await tablet.next('message.edited');
    await expect(alice.request('message.edit', { ...data, body: 'other' })).rejects.toMatchObject(
      refusal('conflict', 'id'),
    );
  });

  it('is refused where it may not be', async () => {
    const theirs = await heard('theirs-1', body('hi'));
    const edit = (data: object) => alice.request('message.edit', { to: romeo, id: 'm5', body: 'x', ...data });
    await expect(edit({ id: theirs })).rejects.toMatchObject(refusal('forbidden', 'id'));
    await expect(edit({ id: 'unheard-of' })).rejects.toMatchObject(refusal('item-not-found', 'id'));
    await expect(edit({ to: 'nobody@example.com' })).rejects.toMatchObject(refusal('item-not-found', 'id'));
    await expect(edit({ body: null })).rejects.toMatchObject(refusal('bad-request', 'body'));
    await expect(edit({ files: [{ url: 'https://example.com/a.png' }] })).rejects.toMatchObject(
      refusal('bad-request', 'files'),
    );
    await said('with-a-file', { files: [{ url: 'https://example.com/a.png' }] });
    await expect(edit({ id: 'with-a-file' })).rejects.toMatchObject(refusal('bad-request', 'files'));
    await alice.request('message.retract', { to: romeo, id: 'm5' });
    await tablet.next('message.retracted');
    await at.stanzas();
    await expect(edit({})).rejects.toMatchObject(refusal('item-not-found', 'id'));
    expect((await at.stanzas()).filter((one) => nameOf(one) === 'message')).toEqual([]);
  });

  it('that bounces before its ok is refused, and after it is told and undone', async () => {
    await said('m6', { body: 'stays' });
    const bounce = (id: string) => {
      const error = el('error', { type: 'cancel' }, el('service-unavailable', { xmlns: ns.stanzaErrors }));
      at.server.send(el('message', { from: romeo, to: `${alice.user}/web`, type: 'error', id }, error));
    };
    at.server.answersPings = false;
    const data = { to: romeo, id: 'm6', originId: 'm6-early', body: 'never' };
    const early = alice.answer({ type: 'message.edit', data });
    await at.server.next(({ attrs }) => attrs.id === 'm6-early');
    bounce('m6-early');
    expect((await early).error).toMatchObject({ code: 'service-unavailable', by: romeo });
    at.server.answersPings = true;
    at.server.pong(at.server.pings.at(-1));
    expect(await fold('m6')).not.toHaveProperty('edited');
    const { id } = await alice.request('message.edit', { to: romeo, id: 'm6', body: 'goes' });
    await tablet.next('message.edited');
    bounce(id);
    expect(await tablet.next('message.failed')).toMatchObject({
      id,
      replace: 'm6',
      chat: romeo,
      error: { code: 'service-unavailable' },
    });
    await alice.next('message.failed');
    expect(await fold('m6')).toMatchObject({ body: 'stays', status: 'sent' });
    await at.stanzas();
  });
});

describe('a retraction', () => {
  it('names the id attribute, has a text for others and a hint to store it, and asks for nothing', async () => {
    await said('r1');
    const acted = await alice.request('message.retract', { to: romeo, id: 'r1', reason: 'oops' });
    const stanza = await sent();
    expect(stanza.attrs).toMatchObject({ to: romeo, type: 'chat' });
    expect(find(stanza, 'retract', ns.retraction)?.attrs.id).toBe('r1');
    expect(find(stanza, 'fallback', ns.fallback)?.attrs.for).toBe(ns.retraction);
    expect(childText(stanza, 'body', '')).not.toBe('');
    expect(elements(stanza).map(nameOf)).toEqual(['retract', 'fallback', 'body', 'store']);
    expect(acted).toEqual({ id: 'r1', chat: romeo, time: expect.any(String), archiveId: expect.any(String) });
    expect(await tablet.next('message.retracted')).toMatchObject({
      id: 'r1',
      chat: romeo,
      from: alice.user,
      reason: 'oops',
    });
    expect(alice.inbox.take()).toEqual([]);
    const folded = await fold('r1');
    expect(folded).toMatchObject({ id: 'r1', retracted: { reason: 'oops' } });
    expect(folded).not.toHaveProperty('body');
  });

  it('that is repeated says nothing more', async () => {
    await alice.request('message.retract', { to: romeo, id: 'r1' });
    expect((await at.stanzas()).filter((one) => nameOf(one) === 'message')).toEqual([]);
  });

  it('of what others have said is forbidden, and a bounce of one is no message that failed', async () => {
    const theirs = await heard('theirs-2', body('hi'));
    await expect(alice.request('message.retract', { to: romeo, id: theirs })).rejects.toMatchObject(
      refusal('forbidden', 'id'),
    );
    await said('r2');
    await alice.request('message.retract', { to: romeo, id: 'r2' });
    const { id } = (await sent()).attrs;
    await tablet.next('message.retracted');
    const error = el('error', { type: 'cancel' }, el('service-unavailable', { xmlns: ns.stanzaErrors }));
    at.server.send(el('message', { from: romeo, to: `${alice.user}/web`, type: 'error', id }, error));
    await at.stanzas();
    expect(await tablet.rest()).toEqual([]);
  });
});

describe('reactions', () => {
  it('name the origin-id of a message, else its id attribute, and are the whole set', async () => {
    const both = await heard('attribute-1', body('hi'), originId('origin-1'));
    expect(both).toBe('origin-1');
    const acted = await alice.request('message.react', { to: romeo, id: both, reactions: ['👋', '🐢'] });
    const stanza = await sent();
    const set = find(stanza, 'reactions', ns.reactions);
    expect(set?.attrs.id).toBe('origin-1');
    expect(set && elements(set).map((one) => one.children[0])).toEqual(['👋', '🐢']);
    expect(elements(stanza).map(nameOf)).toEqual(['reactions', 'store']);
    expect(acted).toMatchObject({ id: 'origin-1', chat: romeo });
    expect(await tablet.next('reaction')).toMatchObject({ id: 'origin-1', from: alice.user, reactions: ['👋', '🐢'] });
    expect(await fold('origin-1')).toMatchObject({ reactions: { [alice.user]: ['👋', '🐢'] } });

    const plain = await heard('attribute-2', body('ho'));
    await alice.request('message.react', { to: romeo, id: plain, reactions: ['👍'] });
    expect(find(await sent(), 'reactions', ns.reactions)?.attrs.id).toBe('attribute-2');
    await tablet.next('reaction');
  });

  it('are taken back by an empty set, and what is so already is not said again', async () => {
    const react = (reactions: string[]) => alice.request('message.react', { to: romeo, id: 'origin-1', reactions });
    await react(['🐢', '👋']);
    expect((await at.stanzas()).filter((one) => nameOf(one) === 'message')).toEqual([]);
    await Promise.all([react(['❤️']), react([]), react([])]);
    const out = (await at.stanzas()).filter((one) => nameOf(one) === 'message');
    expect(out.map((one) => find(one, 'reactions', ns.reactions)?.children.length)).toEqual([1, 0]);
    expect(await fold('origin-1')).not.toHaveProperty('reactions');
    await tablet.next('reaction');
    await tablet.next('reaction');
  });

  it('to a message whose id was taken name the one that its sender gave it', async () => {
    await heard('twice', body('one'));
    const second = await heard('twice', body('two'));
    expect(second).not.toBe('twice');
    await alice.request('message.react', { to: romeo, id: second, reactions: ['👍'] });
    expect(find(await sent(), 'reactions', ns.reactions)?.attrs.id).toBe('twice');
    expect(await tablet.next('reaction')).toMatchObject({ id: second });
    expect(await fold('twice')).not.toHaveProperty('reactions');
  });

  it('to what is not there, or has no id, are refused', async () => {
    const react = (id: string, reactions: string[] = ['👍']) =>
      alice.request('message.react', { to: romeo, id, reactions });
    await expect(react('unheard-of')).rejects.toMatchObject(refusal('item-not-found', 'id'));
    await expect(react('r1')).rejects.toMatchObject(refusal('item-not-found', 'id'));
    const nameless = await heard(undefined, body('who?'));
    await expect(react(nameless)).rejects.toMatchObject(refusal('feature-not-implemented', 'id'));
    await expect(react('twice', ['👍', '👍'])).rejects.toMatchObject({ error: { code: 'bad-request' } });
    await expect(react('twice', [''])).rejects.toMatchObject({ error: { code: 'bad-request' } });
  });
});

describe('between two accounts of the gateway', () => {
  it('what one does to a message the other sees, by the same id', async () => {
    const bob = await at.gateway.login('bob', {});
    await alice.request('message.send', { to: bob.user, id: 'i1', body: 'teh' });
    expect(await bob.next('message')).toMatchObject({ id: 'i1' });
    await alice.request('message.edit', { to: bob.user, id: 'i1', body: 'the' });
    expect(await bob.next('message.edited')).toMatchObject({ replace: 'i1', body: 'the', chat: alice.user });
    await bob.request('message.react', { to: alice.user, id: 'i1', reactions: ['👍'] });
    expect(await alice.next('reaction')).toMatchObject({ id: 'i1', chat: bob.user, from: bob.user });
    await alice.request('message.retract', { to: bob.user, id: 'i1' });
    expect(await bob.next('message.retracted')).toMatchObject({ id: 'i1', from: alice.user });
    await bob.close();
  });

  it('a message to oneself is edited, reacted to and taken back', async () => {
    await alice.request('message.send', { to: alice.user, id: 'n1', body: 'teh' });
    await alice.request('message.edit', { to: alice.user, id: 'n1', body: 'the' });
    await alice.request('message.react', { to: alice.user, id: 'n1', reactions: ['👍'] });
    const { items } = await alice.request('history.get', { chat: alice.user });
    expect(items[0]?.data).toMatchObject({ body: 'the', reactions: { [alice.user]: ['👍'] } });
    await alice.request('message.retract', { to: alice.user, id: 'n1' });
  });
});

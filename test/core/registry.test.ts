/** The registry of what extensions bring: names that clash, the order of hooks, checks. */
import { describe, expect, it } from 'vitest';
import { Registry } from '../../src/core/registry.ts';
import { type Account, type Extension, extension, type Hooks, type IqHandler, rfc, xep } from '../../src/extension.ts';
import { builtIn } from '../../src/extensions/index.ts';
import { requests } from '../../src/protocol/frames.ts';
import { TestCore } from '../support/core.ts';

const one = (number: string, rest: Omit<Extension, 'spec'>) => extension({ spec: xep(number, '1.0'), ...rest });
const ping: IqHandler = { type: 'get', name: 'ping', xmlns: 'urn:x', places: ['domain'], handle: () => undefined };

describe('a clash of names', () => {
  it('of requests fails at start and names the second extension', () => {
    const requests = { 'typing.send': () => undefined };
    expect(() => new Registry([one('0001', { requests }), one('0002', { requests })])).toThrow(
      'Two extensions handle the request typing.send; the second is XEP-0002',
    );
  });

  it('of queries fails at start, whatever their places', () => {
    const second = one('0002', { iq: [{ ...ping, places: ['client'] }] });
    expect(() => new Registry([one('0001', { iq: [ping] }), second])).toThrow(
      'Two extensions answer the query get ping urn:x; the second is XEP-0002',
    );
  });

  it('is none between get and set, other names and other namespaces', () => {
    const others: IqHandler[] = [
      ping,
      { ...ping, type: 'set' },
      { ...ping, name: 'pong' },
      { ...ping, xmlns: 'urn:y' },
    ];
    const registry = new Registry([one('0001', { iq: others })]);
    for (const handler of others) expect(registry.iq(handler.type, handler.name, handler.xmlns)).toBe(handler);
    expect(registry.iq('get', 'ping', 'urn:z')).toBeUndefined();
  });

  it('is none among the built-in extensions, and no request is without a handler', () => {
    const registry = new Registry(builtIn);
    const bySocket = [
      'connect',
      'auth.refresh',
      'session.update',
      'session.list',
      'session.end',
      'ping',
      'pong',
      'ack',
    ];
    const missing = Object.keys(requests).filter((type) => !registry.request(type)?.handle);
    expect(missing).toEqual(bySocket);
  });
});

describe('hooks', () => {
  it('run in the order of the list; one that fails is logged and stops no other', async () => {
    const seen: string[] = [];
    const hooks: Partial<Hooks>[] = [
      // What a hook returns by the way is nobody's business.
      { sessionOpen: () => seen.push('first') },
      {
        sessionOpen: () => {
          throw new Error('broken');
        },
      },
      { accountOpen: () => seen.push('account') },
      { sessionOpen: () => seen.push('last'), sessionClose: () => seen.push('close') },
    ];
    const core = await TestCore.create({ extensions: hooks.map((hook, index) => one(`000${index}`, { hooks: hook })) });
    const alice = await core.login('alice');
    alice.close();
    expect(seen).toEqual(['account', 'first', 'last', 'close']);
    expect(core.bugs).toMatchObject([{ event: 'bug', err: { message: 'broken' }, msg: 'the hook sessionOpen failed' }]);
  });

  it('may take their time; what they reject with is logged', async () => {
    const presenceIn = () => Promise.reject(new Error('store'));
    const core = await TestCore.create({ extensions: [one('0001', { hooks: { presenceIn } })] });
    await core.login('alice');
    await core.receive('<presence from="romeo@example.com/orchard" to="alice@web.example.com"/>');
    await core.settled();
    expect(core.bugs).toMatchObject([{ err: { message: 'store' }, msg: 'the hook presenceIn failed' }]);
  });
});

it('data is checked against the schema of its request, the field named', () => {
  const registry = new Registry([]);
  expect(registry.check('typing.send', { to: 'a', state: 'gone' })).toEqual({ to: 'a', state: 'gone' });
  expect(() => registry.check('typing.send', { to: 'a', state: 'asleep' })).toThrow(
    expect.objectContaining({ code: 'bad-request', details: { field: 'state' } }),
  );
  expect(registry.request('no.such')).toBeUndefined();
  expect(registry.request('constructor')).toBeUndefined();
});

it('snapshots are those that a session wants, from every extension that has some', async () => {
  const contact = (jid: string) => ({ jid, groups: [], subscription: 'none' as const });
  const contacts = () => ({ contacts: [contact('a@example.com')] });
  const rooms = () => ({ features: ['r'] });
  const registry = new Registry([one('0001', { snapshots: { contacts } }), one('0002', { snapshots: { rooms } })]);
  const core = await TestCore.create();
  await core.login('alice');
  const [account] = core.server.accounts as Iterable<Account>;
  if (!account) throw new Error('no account');
  expect(await registry.snapshots(new Set(), account)).toEqual({});
  expect(await registry.snapshots(new Set(['rooms']), account)).toEqual({ features: ['r'] });
  expect(await registry.snapshots(new Set(['contacts', 'rooms', 'blocks']), account)).toEqual({
    ...contacts(),
    ...rooms(),
  });
});

it('a specification knows its address', () => {
  expect(xep('0085', '2.1')).toEqual({
    name: 'XEP-0085',
    url: 'https://xmpp.org/extensions/xep-0085.html',
    version: '2.1',
  });
  expect(rfc(6121, '5').url).toBe('https://www.rfc-editor.org/rfc/rfc6121#section-5');
  expect(rfc(6121).url).toBe('https://www.rfc-editor.org/rfc/rfc6121');
});

/** IQs and their answers: only whom we asked can answer, once, in time. */
import { expect, it } from 'vitest';
import { type Element, el, elements } from '../../src/xmpp/stanza.ts';
import { later, message, testLink } from '../support/link.ts';

const ask = (id: string, to = 'example.com', from = 'juliet@web.example.com/web') =>
  el('iq', { type: 'get', id, from, to }, el('query', { xmlns: 'jabber:iq:version' }));

const answer = ({ attrs }: Element, changes: Record<string, string> = {}) =>
  el('iq', { type: 'result', id: attrs.id, from: attrs.to, to: attrs.from, ...changes }, el('query', { xmlns: 'x' }));

it('a request gets its result', async () => {
  const { server, link, stanzas, metric } = await testLink({
    server: { onStanza: (iq, at) => at.send(answer(iq)) },
  });
  const result = await link.request(ask('one'));
  expect(elements(result)[0]?.attrs.xmlns).toBe('x');
  expect(server.received[0]?.attrs.id).toBe('one');
  expect(stanzas).toEqual([]);
  expect(await metric('iq_pending')).toBe(0);
});

it('a request without an id gets one that nobody can guess', async () => {
  const { server, link } = await testLink({ server: { onStanza: (iq, at) => at.send(answer(iq)) } });
  const iq = ask('');
  await link.request(iq);
  expect(server.received[0]?.attrs.id).toMatch(/^[0-9a-f-]{36}$/);
});

it('an error answer rejects with what it says, by whom', async () => {
  const { link } = await testLink({
    server: {
      onStanza: (iq, at) =>
        at.send(
          `<iq type='error' id='${iq.attrs.id}' from='${iq.attrs.to}' to='${iq.attrs.from}'><error type='wait'>` +
            `<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
            `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Not now</text></error></iq>`,
        ),
    },
  });
  await expect(link.request(ask('one'))).rejects.toMatchObject({
    code: 'resource-constraint',
    message: 'Not now',
    retry: true,
    details: { by: 'example.com', type: 'wait' },
  });
});

it.each([
  ['from another JID', { from: 'mallory@example.org/x' }],
  ['from an account of the one that was asked', { from: 'mallory@example.com' }],
  ['from the account that asked', { from: 'juliet@web.example.com' }],
  ['to another account', { to: 'nurse@web.example.com/web' }],
  ['with another id', { id: 'two' }],
])('an answer %s is dropped, counted, and not answered', async (_, forged) => {
  const { server, link, stanzas, metric } = await testLink();
  const result = link.request(ask('one'));
  const iq = await server.next();
  server.send(answer(iq, forged));
  server.send(answer(iq));
  expect((await result).attrs.from).toBe('example.com');
  await link.deliver(message('marker'), later()).done;
  expect(stanzas).toEqual([]);
  expect(server.received).toHaveLength(2);
  expect(await metric('stanzas_total{direction="in",kind="iq"}')).toBe(2);
});

it('the same id may be asked of two at a time', async () => {
  const { server, link } = await testLink();
  const both = [link.request(ask('same', 'a.example.com')), link.request(ask('same', 'b.example.com'))];
  const asked = [await server.next(), await server.next()];
  for (const iq of asked.reverse()) server.send(answer(iq));
  expect((await Promise.all(both)).map((iq) => iq.attrs.from)).toEqual(['a.example.com', 'b.example.com']);
});

it('the same id asked of the same again, by the same, is refused while it waits', async () => {
  const { server, link } = await testLink();
  const first = link.request(ask('same'));
  await expect(link.request(ask('same'))).rejects.toMatchObject({ code: 'conflict' });
  server.send(answer(await server.next()));
  await first;
});

it('a server that writes addresses in another case is understood', async () => {
  const { server, link } = await testLink();
  const result = link.request(ask('one', 'Romeo@Example.com/Home'));
  const iq = await server.next();
  server.send(answer(iq, { from: 'ROMEO@example.com/Home', to: 'Juliet@web.example.com/web' }));
  await result;
});

it('a second answer is dropped', async () => {
  const { server, link, stanzas } = await testLink();
  const result = link.request(ask('one'));
  const iq = await server.next();
  server.send(answer(iq));
  server.send(answer(iq, { type: 'error' }));
  await result;
  await link.deliver(message('marker'), later()).done;
  expect(stanzas).toEqual([]);
});

it('no answer in time is a timeout, and counted', async () => {
  const { server, link, metric } = await testLink();
  await expect(link.request(ask('one'), 10)).rejects.toMatchObject({ code: 'timeout', retry: true });
  expect(await metric('iq_timeouts_total')).toBe(1);
  expect(await metric('iq_pending')).toBe(0);
  server.send(answer(ask('one')));
  await link.deliver(message('marker'), later()).done;
});

it('a loss of the link fails what waits, at once and for good', async () => {
  const { server, link, states, until } = await testLink();
  const result = link.request(ask('one'));
  const rejection = expect(result).rejects.toMatchObject({ code: 'link-down', retry: true });
  const iq = await server.next();
  server.drop('fin');
  await rejection;
  await until(() => states.length === 3);
  server.send(answer(iq));
  await link.deliver(message('marker'), later()).done;
  expect(server.received.map(({ name }) => name)).toEqual(['iq', 'message']);
});

it('a request while the link is down fails at once', async () => {
  const { link } = await testLink({ start: false });
  await expect(link.request(ask('one'))).rejects.toMatchObject({ code: 'link-down' });
});

it('what waits is bounded', async () => {
  const { link, server } = await testLink({ link: { limits: { requests: 2 } } });
  const two = [link.request(ask('1')), link.request(ask('2'))];
  await expect(link.request(ask('3'))).rejects.toMatchObject({ code: 'resource-constraint' });
  for (const _ of two) server.send(answer(await server.next()));
  await Promise.all(two);
  expect(server.received).toHaveLength(2);
});

it('only get and set ask', async () => {
  const { link } = await testLink();
  const iq = el('iq', { type: 'result', id: '1', from: 'web.example.com', to: 'example.com' });
  await expect(link.request(iq)).rejects.toMatchObject({ code: 'bad-request' });
});

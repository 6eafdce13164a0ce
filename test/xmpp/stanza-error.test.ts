/** Stanza errors, both directions. */
import { expect, it } from 'vitest';
import { type ErrorDetails, StanzaError } from '../../src/protocol/errors.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Child, type Element, el, serialize } from '../../src/xmpp/stanza.ts';
import { conditionOf, errorReply, isError, readError } from '../../src/xmpp/stanza-error.ts';

const failed = (...children: Child[]) =>
  el('message', { type: 'error', id: 'm', from: 'romeo@example.com', to: 'juliet@web.example.com/web' }, ...children);
const condition = (name: string, text?: string) => el(name, { xmlns: ns.stanzaErrors }, text);

it('an error says its condition, type, text and sender', () => {
  const text = el('text', { xmlns: ns.stanzaErrors }, ' Go away ');
  const error = readError(failed(el('body', {}, 'echo'), el('error', { type: 'auth' }, condition('forbidden'), text)));
  expect(error).toBeInstanceOf(StanzaError);
  expect(error.toObject()).toEqual({
    code: 'forbidden',
    message: 'Go away',
    retry: false,
    type: 'auth',
    by: 'romeo@example.com',
  });
});

it('the type decides whether to try again', () => {
  expect(readError(failed(el('error', { type: 'wait' }, condition('forbidden')))).retry).toBe(true);
  expect(readError(failed(el('error', { type: 'cancel' }, condition('remote-server-timeout')))).retry).toBe(false);
});

const vague: [string, Element][] = [
  ['without an error element', failed()],
  ['without a condition', failed(el('error', { type: 'cancel' }))],
  ['with an unknown condition', failed(el('error', {}, condition('too-tired')))],
  ['with a condition of another namespace', failed(el('error', {}, el('forbidden', { xmlns: 'urn:x' })))],
  ['with a text only', failed(el('error', {}, el('text', { xmlns: ns.stanzaErrors }, 'x')))],
  ['with the name of a method', failed(el('error', {}, condition('constructor')))],
  ['of an unknown type', failed(el('error', { type: 'fatal' }))],
];

it.each(vague)('an error %s is undefined-condition', (_, stanza) => {
  expect(readError(stanza).code).toBe('undefined-condition');
  expect(readError(stanza).details.type).not.toBe('fatal');
});

it('gone and redirect say where to, the others do not', () => {
  expect(readError(failed(el('error', {}, condition('gone', 'xmpp:new@example.com')))).details.uri).toBe(
    'xmpp:new@example.com',
  );
  expect(readError(failed(el('error', {}, condition('conflict', 'xmpp:x')))).details.uri).toBeUndefined();
});

it('an application-specific condition is a tree', () => {
  const app = el('blocked', { xmlns: 'urn:xmpp:blocking:errors' }, el('why', { a: '1' }, 'because'));
  expect(readError(failed(el('error', {}, condition('not-acceptable'), app))).details.app).toEqual({
    name: 'blocked',
    attrs: { xmlns: 'urn:xmpp:blocking:errors' },
    children: [{ name: 'why', attrs: { a: '1' }, children: ['because'] }],
  });
});

it('an answer swaps the addresses, keeps the id and echoes nothing', () => {
  const iq = el(
    'iq',
    { type: 'get', id: 'q', from: 'a@example.com/x', to: 'b@web.example.com' },
    el('query', { xmlns: 'u' }),
  );
  expect(serialize(errorReply(iq, new StanzaError('item-not-found', 'No <such> thing')))).toBe(
    '<iq type="error" id="q" from="b@web.example.com" to="a@example.com/x"><error type="cancel">' +
      '<item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
      '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">No &lt;such&gt; thing</text></error></iq>',
  );
});

it('an answer that is read again says the same', () => {
  const app = { name: 'blocked', attrs: { xmlns: 'urn:xmpp:blocking:errors' }, children: [] };
  const details: ErrorDetails = { type: 'modify', uri: 'xmpp:new@example.com', app };
  const reply = errorReply(failed(), new StanzaError('gone', 'Moved', details));
  expect(isError(reply)).toBe(true);
  expect(conditionOf(reply)).toBe('gone');
  expect(readError(reply).toObject()).toEqual({
    code: 'gone',
    message: 'Moved',
    retry: false,
    by: 'juliet@web.example.com/web',
    ...details,
  });
});

it('the codes of the gateway go out as the condition that comes nearest', () => {
  const conditions = (['too-large', 'rate-limited', 'timeout', 'unknown-type', 'link-down'] as const).map((code) =>
    conditionOf(errorReply(failed(), new StanzaError(code, 'x'))),
  );
  expect(conditions).toEqual([
    'policy-violation',
    'resource-constraint',
    'remote-server-timeout',
    'feature-not-implemented',
    'remote-server-timeout',
  ]);
});

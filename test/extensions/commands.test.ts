/** command.run step by step: the answers to a form are those that it takes, until the command is done. */
import { beforeEach, describe, expect, it } from 'vitest';
import { elements, serialize } from '../../src/xmpp/stanza.ts';
import { type CoreClient, TestCore } from '../support/core.ts';
import type { AnyFrame } from '../support/json-client.ts';
import { parseStanza } from '../support/stanza-text.ts';

const jid = 'responder@example.com';
const node = 'config';
const form = (fields: string) => `<x xmlns='jabber:x:data' type='form'>${fields}</x>`;
const service = "<field var='service' type='list-single'><option><value>httpd</value></option></field>";
const hidden = "<field var='FORM_TYPE' type='hidden'><value>urn:example:form</value></field>";

let core: TestCore;
let alice: CoreClient;
let steps = 0;

beforeEach(async () => {
  core = await TestCore.create();
  alice = await core.login('alice');
  core.link.sent.length = 0;
});

/** One step: the command as it went out, and what the client is answered. */
async function step(data: object, command?: string): Promise<{ out: string; answer: AnyFrame | undefined }> {
  const id = `step${++steps}`;
  alice.take();
  alice.send({ type: 'command.run', id, data: { jid, node, ...data } });
  await core.settled();
  const [iq] = core.link.sent.splice(0);
  if (iq && command !== undefined) {
    const { from, to } = iq.attrs;
    core.link.receive(parseStanza(`<iq type='result' id='${iq.attrs.id}' from='${to}' to='${from}'>${command}</iq>`));
    await core.settled();
  }
  const out = iq ? elements(iq).map(serialize).join() : '';
  return { out, answer: alice.frames.find((frame) => frame.id === id) };
}

const executing = (inside: string) =>
  `<command xmlns='http://jabber.org/protocol/commands' node='config' sessionid='s1' status='executing'>${inside}</command>`;
const done = (status: string) =>
  `<command xmlns='http://jabber.org/protocol/commands' node='config' sessionid='s1' status='${status}'><note type='info'>ok</note></command>`;

describe('a command of several steps', () => {
  it('takes the answers to the form it has shown, and back, and ends', async () => {
    const first = await step({}, executing(`<actions execute='next'><next/></actions>${form(hidden + service)}`));
    expect(first.answer?.data).toMatchObject({
      sessionId: 's1',
      status: 'executing',
      actions: ['next'],
      default: 'next',
    });
    const wrong = await step({ sessionId: 's1', action: 'next', values: { service: 'gopherd' } });
    expect(wrong).toMatchObject({ out: '', answer: { error: { code: 'bad-request', field: 'values.service' } } });
    const unknown = await step({ sessionId: 's1', action: 'next', values: { nothing: 1 } });
    expect(unknown.answer?.error).toMatchObject({ code: 'bad-request', field: 'values.nothing' });
    const flag = form("<field var='now' type='boolean'/>");
    const second = await step(
      { sessionId: 's1', action: 'next', values: { service: 'httpd' } },
      executing(`<actions><prev/><complete/></actions>${flag}`),
    );
    expect(second.out).toContain('sessionid="s1" action="next"><x xmlns="jabber:x:data" type="submit">');
    expect(second.out).toContain('urn:example:form');
    expect(second.out).toContain('<value>httpd</value>');
    expect(second.answer?.data).toMatchObject({ actions: ['prev', 'complete'] });
    expect(second.answer?.data).not.toHaveProperty('default');
    const back = await step({ sessionId: 's1', action: 'prev' }, executing(form(service)));
    expect(back.out).not.toContain('jabber:x:data');
    expect(back.answer?.data).toMatchObject({ actions: ['complete'], default: 'complete' });
    const last = await step({ sessionId: 's1', action: 'complete', values: { service: 'httpd' } }, done('completed'));
    expect(last.answer?.data).toEqual({
      node,
      sessionId: 's1',
      status: 'completed',
      actions: [],
      notes: [{ type: 'info', text: 'ok' }],
    });
  });

  it('can be given up', async () => {
    await step({}, executing(form(service)));
    const given = await step({ sessionId: 's1', action: 'cancel' }, done('canceled'));
    expect(given.out).toContain('action="cancel"><x xmlns="jabber:x:data" type="cancel"/>');
    expect(given.answer?.data).toMatchObject({ status: 'canceled' });
  });

  it('of another account, service or node has another form', async () => {
    await step({}, executing(form(service)));
    const other = await step(
      { node: 'other', sessionId: 's1', action: 'next', values: { free: 'text' } },
      done('completed'),
    );
    expect(other.out).toContain('<field var="free"><value>text</value></field>');
  });
});

it('an answer that is no command is an error', async () => {
  const { answer } = await step({}, "<query xmlns='jabber:iq:version'/>");
  expect(answer?.error).toMatchObject({ code: 'undefined-condition', by: jid });
});

it('the forms of so many open commands are kept, the oldest goes', async () => {
  for (let i = 0; i <= 32; i++) {
    await step({ node: `n${i}` }, executing(form(service)));
  }
  const kept = await step({ node: 'n1', sessionId: 's1', values: { free: 'text' } });
  expect(kept.answer?.error).toMatchObject({ field: 'values.free' });
  const gone = await step({ node: 'n0', sessionId: 's1', values: { free: 'text' } }, done('completed'));
  expect(gone.answer?.type).toBe('ok');
});

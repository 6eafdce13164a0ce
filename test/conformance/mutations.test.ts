/** The conformance suite can fail: a gateway that is wrong in one thing is found out, by the check that is about it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Report, runChecks } from '../../src/conformance/run.ts';
import { isObject } from '../../src/protocol/parse.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { type Json, MutatingProxy, type Mutation } from '../support/mutating-proxy.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let gateway: TestGateway;
beforeAll(async () => {
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server));
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

async function run(mutation: Mutation, only: string[]): Promise<Report> {
  const proxy = await MutatingProxy.start(gateway.url, mutation);
  try {
    const tokens = { a: await gateway.token('ay', { scopes: ['raw'] }), b: await gateway.token('bee') };
    const beyond = { server: server.server, pubsub: `pubsub.${server.server}` };
    return await runChecks({ url: proxy.url, tokens, timeoutMs: 1500, ...beyond }, { only, slow: false });
  } finally {
    await proxy.stop();
  }
}

const failed = ({ outcomes }: Report) => outcomes.filter(({ result }) => result === 'failed').map(({ id }) => id);
const dataOf = (frame: Json): Json => (isObject(frame.data) ? frame.data : {});
const errorOf = (frame: Json): Json => (isObject(frame.error) ? frame.error : {});
/** Changes the data of frames of that type. */
const data = (type: string, change: (data: Json) => Json) => (frame: Json) =>
  frame.type === type && isObject(frame.data) ? { ...frame, data: change(frame.data) } : frame;
const without = (object: Json, key: string): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
const held: Json[] = [];

/** What is wrong with the gateway, the check that says so, and what has to run for it, where that is another one. */
const mutations: [what: string, mutation: Mutation, check: string, runs?: string | string[]][] = [
  ['the first subprotocol is taken', { subprotocol: ([first]) => first }, 'transport.several-subprotocols'],
  ['a close has another code', { closeCode: (code) => (code === 4000 ? 1000 : code) }, 'transport.first-frame'],
  ['a late connect is waited for', { closeCode: (code) => (code === 4004 ? 4005 : code) }, 'transport.connect-timeout'],
  [
    'what passes is no JSON',
    { text: (text) => (text.includes('unknown-type') ? text.slice(1) : text) },
    'frames.json',
    'envelope.unknown',
  ],
  [
    'arrays come unasked',
    { text: (text) => (text.includes('"error"') ? `[${text}]` : text) },
    'frames.json',
    'envelope.unknown',
  ],
  [
    'a type is unknown',
    { toClient: (frame) => (frame.type === 'message' ? { ...frame, type: 'massage' } : frame) },
    'frames.known',
    'ids.own',
  ],
  [
    'a required field is missing',
    { toClient: data('message', (inner) => without(inner, 'to')) },
    'frames.schema',
    'ids.own',
  ],
  [
    'an ok lacks its result',
    { toClient: (frame, asked) => (asked === 'message.send' ? without(frame, 'data') : frame) },
    'frames.schema',
    'ids.own',
  ],
  ['events have no number', { toClient: (frame) => without(frame, 'seq') }, 'frames.seq', 'ids.own'],
  [
    'numbers have gaps',
    { toClient: (frame) => (frame.seq === undefined ? frame : { ...frame, seq: Number(frame.seq) * 2 }) },
    'frames.seq',
    'ids.order',
  ],
  [
    'typing is numbered',
    { toClient: (frame) => (frame.type === 'typing' ? { ...frame, seq: 7 } : frame) },
    'frames.seq',
    'classes.ephemeral',
  ],
  [
    'an answer comes twice',
    { toClient: (frame) => (frame.type === 'ok' ? [frame, frame] : frame) },
    'frames.answers',
    'envelope.ids',
  ],
  [
    'ids become texts',
    { toClient: (frame) => (typeof frame.id === 'number' ? { ...frame, id: `${frame.id}` } : frame) },
    'envelope.ids',
  ],
  [
    'what is absent is null',
    { toClient: data('message', (inner) => ({ ...inner, subject: null })) },
    'frames.null',
    'ids.own',
  ],
  [
    'times have no milliseconds',
    { toClient: data('message', (inner) => ({ ...inner, time: '2026-01-01T10:00:00Z' })) },
    'frames.times',
    'ids.own',
  ],
  [
    'retry is wrong',
    { toClient: (frame) => (frame.error ? { ...frame, error: { ...errorOf(frame), retry: true } } : frame) },
    'frames.retry',
    'envelope.unknown-type',
  ],
  [
    'own accounts have resources',
    { toClient: data('message', (inner) => ({ ...inner, to: `${String(inner.user ?? inner.to)}/web` })) },
    'frames.bare',
    'ids.own',
  ],
  [
    'errors do not name the field',
    { toClient: (frame) => (frame.error ? { ...frame, error: without(errorOf(frame), 'field') } : frame) },
    'errors.field',
  ],
  [
    'a wrong request is carried out',
    { toClient: (frame, asked) => (frame.error && asked === 'chat.update' ? { type: 'ok', id: frame.id } : frame) },
    'requests.chat.update',
  ],
  [
    'an unknown type is a bad request',
    {
      toClient: (frame) =>
        errorOf(frame).code === 'unknown-type'
          ? { ...frame, error: { ...errorOf(frame), code: 'bad-request' } }
          : frame,
    },
    'envelope.unknown-type',
  ],
  ['limits are not announced', { toClient: data('ready', (inner) => without(inner, 'limits')) }, 'connect.ready'],
  [
    'each feature is granted',
    { toClient: data('ready', (inner) => ({ ...inner, features: ['ack', 'batch', 'binary', 'telepathy'] })) },
    'connect.features',
  ],
  ['nothing is resumed', { toGateway: data('connect', (inner) => without(inner, 'resume')) }, 'resume.replay'],
  [
    'a part is not replayed',
    { toClient: (frame) => (frame.type === 'message' && frame.seq === 2 ? [] : frame) },
    'resume.replay',
  ],
  ['data.id is not kept', { toGateway: data('message.send', (inner) => without(inner, 'id')) }, 'ids.repeat'],
  [
    'a conflict is ok',
    { toClient: (frame) => (errorOf(frame).code === 'conflict' ? { type: 'ok', id: frame.id, data: {} } : frame) },
    'ids.conflict',
  ],
  ['messages change places', { toClient: (frame) => swap(frame) }, 'ids.order'],
  ['what is sent comes back to its sender', echoing(), 'sessions.events'],
  [
    'a refusal says no time',
    { toClient: (frame) => (frame.error ? { ...frame, error: without(errorOf(frame), 'retryAfterMs') } : frame) },
    'limits.rate',
  ],
  [
    'a page has more than historyMax',
    { toClient: data('ready', (inner) => ({ ...inner, limits: { ...(inner.limits as Json), historyMax: 1 } })) },
    'limits.history',
    ['history.pages', 'limits.history'],
  ],
  [
    'an edit is told under its own id',
    { toClient: data('message.edited', (inner) => ({ ...inner, replace: inner.id })) },
    'acting.edit',
  ],
  [
    'text is trimmed',
    { toClient: data('message', (inner) => ({ ...inner, body: String(inner.body).trim().normalize('NFKD') })) },
    'message.text',
  ],
  [
    'others may edit',
    { toClient: (frame, asked) => (asked === 'message.edit' && frame.error ? { type: 'ok', id: frame.id } : frame) },
    'acting.foreign',
  ],
  [
    'escape hatches are open',
    { toClient: (frame, asked) => (asked === 'stanza.send' && frame.error ? { type: 'ok', id: frame.id } : frame) },
    'raw.scope',
  ],
  [
    'any sender is taken',
    { toClient: (frame, asked) => (asked === 'stanza.send' && frame.error ? { type: 'ok', id: frame.id } : frame) },
    'security.from',
  ],
  [
    'html is as it came',
    { toClient: data('message', (inner) => ({ ...inner, html: '<img src=x onerror=alert(1)>' })) },
    'security.html',
  ],
  [
    'characters are let through',
    { toGateway: data('message.send', (inner) => ({ ...inner, body: String(inner.body).replaceAll(/[^ -~]/g, '') })) },
    'security.characters',
  ],
  [
    'a token is told from another',
    {
      toClient: (frame) =>
        errorOf(frame).code === 'token-invalid'
          ? { ...frame, error: { ...errorOf(frame), message: `no ${Math.random()}` } }
          : frame,
    },
    'security.same-answer',
  ],
];

/** Two messages in each other's place; the numbers stay. */
function swap(frame: Json): Json | Json[] {
  if (frame.type !== 'message') return frame;
  const first = held.pop();
  if (first)
    return [
      { ...frame, seq: first.seq },
      { ...first, seq: frame.seq },
    ];
  held.push(frame);
  return [];
}

/** A message is told to the session that has sent it, as to the others. */
function echoing(): Mutation {
  let body: unknown;
  const toGateway = data('message.send', (inner) => {
    body = inner.body;
    return inner;
  });
  const toClient = (frame: Json, asked: string | undefined): Json | Json[] => {
    const { id, chat, time } = dataOf(frame);
    const message = { id, chat, time, type: 'chat', from: chat, to: chat, body };
    return asked === 'message.send' ? [frame, { type: 'message', seq: 1, data: message }] : frame;
  };
  return { toGateway, toClient };
}

test('a gateway that is right passes all the checks that are tried here', { timeout: 60_000 }, async () => {
  const checks = mutations.flatMap(([, , check, runs = check]) => runs);
  const { outcomes } = await run({}, checks);
  expect(outcomes.filter(({ result }) => result !== 'passed')).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(30);
});

test.each(mutations)('where %s, that is found', { timeout: 30_000 }, async (_, mutation, check, runs = check) => {
  expect(failed(await run(mutation, [runs].flat()))).toContain(check);
});

/** Example frames against the schemas: requests, answers by what they answer, events, errors. */
import type { Static, TSchema } from 'typebox';
import { expect } from 'vitest';
import type { Example } from '../../scripts/protocol-page.ts';
import { StanzaError } from '../../src/protocol/errors.ts';
import { events, Ready, type RequestResult, replies, requests } from '../../src/protocol/frames.ts';
import { ErrorObject } from '../../src/protocol/objects.ts';
import { compile, isObject, isRequestType, parseFrame } from '../../src/protocol/parse.ts';
import { mistakes } from './closed.ts';

/** Every frame of one block; `planned` ones have no schema yet, and must be among the `listed` types. */
export function checkExamples(examples: readonly Example[], listed: readonly string[]): void {
  for (const [index, example] of examples.entries()) {
    const where = `line ${example.line}`;
    if (example.planned) expect(listed, where).toContain(example.frame.type);
    else if (example.from === 'client') checkRequest(example, examples.slice(index + 1), where);
    else checkFromGateway(example, where);
  }
}

/** A request is valid, unless its answer says `bad-request` or `unknown-type`: then it is that. */
function checkRequest({ frame }: Example, later: readonly Example[], where: string): void {
  const { type, data } = parseFrame(structuredClone(frame));
  const answer = later.find((one) => one.from === 'gateway' && frame.id !== undefined && one.frame.id === frame.id);
  const error = isObject(answer?.frame.error) ? answer.frame.error : {};
  if (error.code === 'unknown-type') {
    expect(isRequestType(type), where).toBe(false);
    return;
  }
  if (!isRequestType(type)) throw new Error(`${where}: ${type} is no request of this version`);
  if (error.code !== 'bad-request') {
    expectValid(requests[type].data, data, where);
    return;
  }
  const refusal = refusalOf(requests[type].data, data);
  expect([refusal?.details.field, refusal?.message], where).toEqual([error.field, error.message]);
}

function checkFromGateway({ frame, answers }: Example, where: string): void {
  const type = String(frame.type);
  const data = frame.data ?? {};
  const seqExpected = isEvent(type) && events[type].class === 'numbered';
  expect(frame.seq !== undefined, `${where}: seq`).toBe(seqExpected);
  if (type === 'error') checkError(frame.error, where);
  else if (type === 'ready') expectValid(Ready, data, where);
  else if (type === 'ok') checkOk(frame, answers, where);
  else if (isEvent(type)) expectValid(events[type].data, data, where);
  else expect(Object.keys(replies), where).toContain(type);
}

/** `ok` carries what the request before it with its id promises. */
function checkOk(frame: Example['frame'], type = '', where: string): void {
  if (!isRequestType(type)) throw new Error(`${where}: an ok without its request`);
  const request = requests[type];
  if ('result' in request) expectValid(request.result, frame.data, where);
  else expect(frame.data, where).toBeUndefined();
  // The schema leaves open what an item of history is: it is as an event.
  if (type !== 'history.get') return;
  const { items } = frame.data as RequestResult<'history.get'>;
  for (const item of items) {
    if (!isEvent(item.type)) throw new Error(`${where}: an item of the type ${item.type}`);
    expectValid(events[item.type].data, item.data, where);
  }
}

/** An error is as its schema, and as the code's own rule for `retry`. */
function checkError(error: unknown, where: string): void {
  expectValid(ErrorObject, error, where);
  const { code, message, ...details } = error as Static<typeof ErrorObject>;
  expect(new StanzaError(code, message, details.type ? { type: details.type } : {}).retry, where).toBe(details.retry);
}

function isEvent(type: string): type is keyof typeof events {
  return Object.hasOwn(events, type);
}

function refusalOf(schema: TSchema, data: unknown): StanzaError | undefined {
  try {
    compile(schema)(data);
    return undefined;
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
}

export function expectValid(schema: TSchema, data: unknown, where: string): void {
  expect(mistakes(schema, data), where).toEqual([]);
}

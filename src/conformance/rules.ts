/** What holds for every frame that a gateway sends, whatever is being checked (PROTOCOL.md §2, §3, §5, §7, §8, §9). */
import { type ErrorCode, StanzaError } from '../protocol/errors.ts';
import { type EventType, events, type RequestType, replies, requests } from '../protocol/frames.ts';
import { ErrorObject } from '../protocol/objects.ts';
import { type Check, compile, isObject, isRequestType } from '../protocol/parse.ts';

/** A frame, as far as its envelope goes. */
export interface Frame {
  readonly type: string;
  readonly id?: string | number;
  readonly seq?: number;
  readonly data?: unknown;
  readonly error?: { code: ErrorCode; message: string; retry: boolean; type?: 'wait' };
}

/** Each rule is reported as a check of its own. */
export const frameRules = {
  'frames.json': [8, 'a text frame holds one JSON object, or an array where the client can take batches'],
  'frames.known': [11, 'every frame is of a type that the protocol has'],
  'frames.schema': [9, 'the data of every frame is as its schema'],
  'frames.seq': [5, 'numbered events have numbers without gaps, and nothing else has one'],
  'frames.answers': [2, 'an answer carries the id of a request that was made, and comes once'],
  'frames.null': [2, 'what is absent is left out: nothing is null'],
  'frames.times': [2, 'times are RFC 3339, in UTC, with milliseconds'],
  'frames.retry': [7, 'retry is as the table of errors, or as the XMPP error type says'],
  'frames.bare': [3, 'accounts of the gateway appear bare'],
} as const;
export type FrameRule = keyof typeof frameRules;

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const timeKeys = new Set(['time', 'since', 'expiresAt', 'idleSince']);
const ownAddresses = new Set(['from', 'to', 'user', 'chat']);

/** Compiles each schema once, when it is first needed. */
export class Schemas {
  readonly #checks = new Map<object, Check<never>>();

  /** What is wrong with the data, in a few words. */
  violation(schema: object, data: unknown): string | undefined {
    const check = this.#checks.get(schema) ?? compile(schema);
    this.#checks.set(schema, check);
    try {
      check(data);
      return undefined;
    } catch (error) {
      if (error instanceof StanzaError) return error.message;
      throw error;
    }
  }
}

/** What is known of the socket that a frame has come by. */
export interface Context {
  /** The type of the request that has the frame's id and no answer yet. */
  readonly request: string | undefined;
  /** The bare address of the account. */
  readonly user: string | undefined;
}

/** What is wrong with one frame but its number. */
export function wrongs(frame: Frame, { request, user }: Context, schemas: Schemas): [FrameRule, string][] {
  const found: [FrameRule, string][] = [];
  const say = (rule: FrameRule, says: string): void => void found.push([rule, says]);
  const answers = ['ready', 'ok', 'error'].includes(frame.type) || (frame.type === 'pong' && frame.id !== undefined);
  if (answers && frame.id !== undefined && request === undefined) {
    say('frames.answers', `nothing waits for an answer to ${JSON.stringify(frame.id)}`);
  }
  if (frame.type === 'ok' && frame.id === undefined) say('frames.answers', 'an ok without id');
  const schema = schemaOf(frame, request);
  if (schema === undefined) say('frames.known', `${frame.type} is no type of the protocol`);
  else if (schema !== 'open') {
    const violation = schemas.violation(schema, frame.type === 'error' ? frame.error : (frame.data ?? {}));
    if (violation !== undefined) say('frames.schema', `${frame.type}: ${violation}`);
  }
  if (frame.type === 'error' && frame.error && !retryHolds(frame.error)) {
    say('frames.retry', `${frame.error.code} with retry: ${frame.error.retry}`);
  }
  walk(frame, (key, value) => {
    if (value === null) say('frames.null', `${key} is null`);
    if (timeKeys.has(key) && typeof value === 'string' && !time.test(value)) say('frames.times', `${key} is ${value}`);
    if (user && ownAddresses.has(key) && typeof value === 'string' && value.startsWith(`${user}/`)) {
      say('frames.bare', `${key} is ${value}`);
    }
  });
  return found;
}

export function isNumbered(type: string): boolean {
  return isEvent(type) && events[type].class === 'numbered';
}

function isEvent(type: string): type is EventType {
  return Object.hasOwn(events, type);
}

function schemaOf({ type }: Frame, request: string | undefined): object | 'open' | undefined {
  if (type.startsWith('x-')) return 'open';
  if (type === 'error') return ErrorObject;
  if (type === 'ready') return replies.ready;
  if (type === 'ok') return resultOf(request) ?? 'open';
  if (type === 'pong') return 'open';
  return isEvent(type) ? events[type].data : undefined;
}

function resultOf(request = ''): object | undefined {
  const all: Partial<Record<RequestType, { data: object; result?: object }>> = requests;
  return isRequestType(request) ? all[request]?.result : undefined;
}

/** `unconfirmed` says by itself whether to go on: in a room without an archive it is better not to. */
function retryHolds({ code, retry, type }: NonNullable<Frame['error']>): boolean {
  if (code === 'unconfirmed') return true;
  return retry === new StanzaError(code, '', type === undefined ? {} : { type }).retry;
}

/** Every value with its key; what programs write to each other (`json`, element trees) is theirs. */
function walk(value: unknown, see: (key: string, value: unknown) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, see);
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (['json', 'payload', 'extra', 'stanza', 'forwarded', 'values', 'app'].includes(key)) continue;
    see(key, inner);
    walk(inner, see);
  }
}

/**
 * Text → frames, and frames → checked data. Input is hostile until it has passed through here: shape, depth, characters
 * that XML 1.0 forbids, and the schema of the request, each with an error that names the field.
 */

import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Disconnect } from './close.ts';
import { badRequest, type StanzaError } from './errors.ts';
import { type RequestId, type RequestType, requests } from './frames.ts';
import { isXmlText } from './text.ts';
import { findViolation } from './violation.ts';

/** A frame as it came in: `data` is cleaned, not yet validated against its request's schema. */
export interface Frame {
  type: string;
  id?: RequestId;
  data: Record<string, unknown>;
  /** Of `data`, where it is not for the request but about it. */
  traceparent?: unknown;
}

/** Deeper input is refused: element trees are at most 32 deep, two JSON levels each. */
const maxDepth = 80;

/**
 * One text frame → a list of parsed objects (an array is a batch).
 * @throws Disconnect bad-frame: not JSON, not an object or an array of objects, an empty or too long batch.
 */
export function parseText(text: string, maxBatch: number): { frames: unknown[]; batch: boolean } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Disconnect('bad-frame', 'not JSON');
  }
  if (!Array.isArray(json)) {
    if (!isObject(json)) throw new Disconnect('bad-frame', 'a frame is a JSON object');
    return { frames: [json], batch: false };
  }
  if (json.length === 0) throw new Disconnect('bad-frame', 'a batch holds at least one frame');
  if (json.length > maxBatch) throw new Disconnect('bad-frame', `a batch holds at most ${maxBatch} frames`);
  if (!json.every(isObject)) throw new Disconnect('bad-frame', 'a batch holds JSON objects');
  return { frames: json, batch: true };
}

/** The id of a frame that may be broken otherwise, so that its error can still be answered to it. */
export function idOf(frame: unknown): RequestId | undefined {
  const id = isObject(frame) ? frame.id : undefined;
  if (typeof id === 'string' && id.length > 0 && id.length <= 64) return id;
  return Number.isSafeInteger(id) ? (id as number) : undefined;
}

/**
 * The envelope of one frame, its data cleaned: `null` means absent (but where a request takes it for something), and no
 * string holds what XML 1.0 forbids.
 * @throws StanzaError bad-request naming the field.
 */
export function parseFrame(frame: unknown): Frame {
  if (!isObject(frame)) throw new Disconnect('bad-frame', 'a frame is a JSON object');
  const { type, data } = frame;
  if (typeof type !== 'string' || type === '') throw badRequest('type', 'type is required');
  const id = idOf(frame);
  if (frame.id !== undefined && frame.id !== null && id === undefined) {
    throw badRequest('id', 'id is a string of 1 to 64 characters or an integer');
  }
  if (data !== undefined && data !== null && !isObject(data)) throw badRequest('data', 'data is an object');
  const nulls = isObject(data) && takesNull(type) ? Object.keys(data).filter((key) => data[key] === null) : [];
  const cleaned = isObject(data) ? cleanObject(data, '', 0) : {};
  for (const key of nulls) if (key !== '__proto__') cleaned[key] = null;
  const { traceparent } = cleaned;
  // A request that is sent again is the same request, though it is another span of the client's.
  if (traceparent !== undefined) delete cleaned.traceparent;
  return {
    type,
    ...(id === undefined ? {} : { id }),
    data: cleaned,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

function takesNull(type: string): boolean {
  return isRequestType(type) && 'takesNull' in requests[type];
}

/** Checks data against one schema. @throws StanzaError bad-request naming the field. */
export type Check<S extends TSchema> = (data: unknown) => Static<S>;

/** Compiles a schema once (milliseconds); the check costs some ten nanoseconds a call. */
export function compile<S extends TSchema>(schema: S): Check<S> {
  const validator = Compile(schema);
  return (data) => {
    if (validator.Check(data)) return data as Static<S>;
    const { path, says } = findViolation(schema, data) ?? { path: '', says: 'is not valid' };
    throw refused(path, says);
  };
}

export function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(requests, type);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const lineBreak = /[\n\r\u2028\u2029]/;
const maxPathLength = 200;

/** The path is made of the client's own keys: kept short, and text that JSON can carry. */
function refused(path: string, why: string): StanzaError {
  const field = (path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path).toWellFormed();
  return badRequest(field || 'data', `${field || 'data'} ${why}`);
}

function cleanObject(object: Record<string, unknown>, path: string, depth: number): Record<string, unknown> {
  if (depth > maxDepth) throw refused(path, 'is nested too deeply');
  for (const key of Object.keys(object)) {
    const value = object[key];
    // `__proto__` as a key is an own property after JSON.parse; no code may ever copy it by assignment.
    if (value === null || key === '__proto__') {
      delete object[key];
      continue;
    }
    const here = path ? `${path}.${key}` : key;
    // A line break would hide the key from a schema's `^.*$`, and its value from every check.
    if (!isXmlText(key) || lineBreak.test(key)) throw refused(here, 'has a character in its name that is not allowed');
    clean(value, here, depth);
  }
  return object;
}

function clean(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') {
    if (!isXmlText(value)) throw refused(path, 'has a character that XML 1.0 forbids');
  } else if (Array.isArray(value)) {
    if (depth > maxDepth) throw refused(path, 'is nested too deeply');
    for (let i = 0; i < value.length; i++) clean(value[i], `${path}.${i}`, depth + 1);
  } else if (isObject(value)) {
    cleanObject(value, path, depth + 1);
  }
}

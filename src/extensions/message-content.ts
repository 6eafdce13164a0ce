/**
 * The content of a message as a client has written it → the message: checked beyond what a schema can say, every error with
 * the field's name, and in the one form in which it is sent and shown.
 */

import type { FormInput, Forwarded, Mention, MessageContent, Reply } from '../protocol/content.ts';
import { badRequest } from '../protocol/errors.ts';
import type { File } from '../protocol/files.ts';
import type { Form, FormField, FormValue } from '../protocol/forms.ts';
import type { Message } from '../protocol/objects.ts';
import type { Extra } from '../protocol/raw.ts';
import { address } from './address.ts';
import { languageTag } from './bodies.ts';
import { pointsIn } from './code-points.ts';
import { readTime } from './date-time.ts';
import { isSafeUrl } from './safe-url.ts';
import { fileSchemes } from './xep0066-oob.ts';
import { noticeFor } from './xep0380-encryption.ts';
import { present } from './xep0446-file-metadata.ts';

type Content = MessageContent & { readonly extra?: Extra };
type Texts = Pick<MessageContent, 'body' | 'bodies' | 'lang' | 'mentions' | 'reply' | 'files' | 'html'>;

const shown = ['body', 'subject', 'attention', 'payload', 'form', 'encryption'] as const;

/** @throws StanzaError bad-request: nothing to show, or what cannot be sent */
export function messageOf(content: Content): Partial<Message> {
  const { form, forwarded = [], hints = [], attention, unstyled, ...rest } = content;
  const lists = [...Object.keys(content.bodies ?? {}), ...(content.files ?? []), ...forwarded];
  if (lists.length === 0 && shown.every((key) => content[key] === undefined || content[key] === false)) {
    throw badRequest('body', 'a message has a body, a subject, files or other content');
  }
  return present({
    ...textsOf(rest, ''),
    ...(content.encryption && content.body === undefined ? { body: noticeFor(content.encryption) } : {}),
    attention: attention || undefined,
    unstyled: unstyled || undefined,
    hints: hints.length > 0 ? [...new Set(hints)] : undefined,
    form: form && formOf(form),
    forwarded: forwarded.length > 0 ? forwarded.map(forwardedOf) : undefined,
  });
}

/** What a message and one inside of it have in common; `path` is where the fields are. */
function textsOf<T extends Texts>(content: T, path: string): T {
  const { body, html, files = [], mentions = [], reply } = content;
  checkLanguages(content, path);
  if (html !== undefined && body === undefined) {
    throw badRequest(`${path}body`, `${path}html is the body with markup, and comes beside it`);
  }
  const clean: T = { ...content };
  // Of a file and no words the address is the body.
  if (body === '' && files.length > 0) delete clean.body;
  if (files.length === 0) delete clean.files;
  else clean.files = files.map((file, i) => fileOf(file, `${path}files.${i}`));
  if (mentions.length === 0) delete clean.mentions;
  else clean.mentions = mentions.map((one, i) => mentionOf(one, body, `${path}mentions.${i}`));
  if (reply) clean.reply = replyOf(reply, `${path}reply`);
  return clean;
}

/** RFC 6121 §5.2.3: two bodies in one language, or one in none. */
function checkLanguages({ body, bodies = {}, lang }: Texts, path: string): void {
  const seen = new Set(body === undefined ? [] : [lang?.toLowerCase()]);
  for (const tag of Object.keys(bodies)) {
    const field = `${path}bodies.${tag.slice(0, 35)}`.toWellFormed();
    if (!languageTag.test(tag)) throw badRequest(field, `${field} is not a language tag`);
    if (seen.has(tag.toLowerCase())) throw badRequest(field, `${field} is in the language of another body`);
    seen.add(tag.toLowerCase());
  }
}

function fileOf(file: File, path: string): File {
  checkUrl(file.url, fileSchemes, `${path}.url`);
  for (const [i, { uri }] of (file.thumbnails ?? []).entries()) {
    checkUrl(uri, ['https', 'http', 'cid'], `${path}.thumbnails.${i}.uri`);
  }
  return file.date === undefined ? file : { ...file, date: timeOf(file.date, `${path}.date`) };
}

function checkUrl(url: string, schemes: readonly string[], path: string): void {
  if (!isSafeUrl(url, schemes)) throw badRequest(path, `${path} is no address that begins with ${schemes.join(', ')}`);
}

function timeOf(text: string, path: string): string {
  const time = readTime(text);
  if (time === undefined) throw badRequest(path, `${path} is not a time`);
  return time;
}

function mentionOf({ jid, begin, end }: Mention, body: string | undefined, path: string): Mention {
  const who = { jid: address(jid, `${path}.jid`).full };
  if (begin === undefined && end === undefined) return who;
  if (begin === undefined || end === undefined) {
    throw badRequest(`${path}.${begin === undefined ? 'begin' : 'end'}`, 'begin and end come together');
  }
  if (end > pointsIn(body ?? '')) throw badRequest(`${path}.end`, `${path}.end is behind the end of the body`);
  if (begin >= end) throw badRequest(`${path}.begin`, `${path}.begin is not before its end`);
  return { ...who, begin, end };
}

function replyOf({ to, ...reply }: Reply, path: string): Reply {
  return to === undefined ? reply : { ...reply, to: address(to, `${path}.to`).full };
}

function forwardedOf(one: Forwarded, index: number): Forwarded {
  const path = `forwarded.${index}.`;
  const { from, to, time } = one;
  return present({
    ...textsOf(one, path),
    from: from === undefined ? undefined : address(from, `${path}from`).full,
    to: to === undefined ? undefined : address(to, `${path}to`).full,
    time: time === undefined ? undefined : timeOf(time, `${path}time`),
  });
}

/** A form to be answered, or the answer to one: a map of values, by the names of the fields. */
function formOf({ fields = [], values = {}, ...form }: FormInput): Form {
  const given = Object.entries(values).map(([name, value]): FormField => {
    const kind = typeof value === 'boolean' ? 'boolean' : Array.isArray(value) ? 'text-multi' : 'text-single';
    return { var: name, type: name === 'FORM_TYPE' ? 'hidden' : kind, values: textsIn(value) };
  });
  for (const [i, field] of fields.entries()) {
    if (field.var === undefined && field.type !== 'fixed') {
      throw badRequest(`form.fields.${i}.var`, 'only a fixed field has no name');
    }
  }
  return { ...form, fields: [...fields, ...given] };
}

function textsIn(value: FormValue): string[] {
  if (Array.isArray(value)) return value;
  return [typeof value === 'boolean' ? (value ? '1' : '0') : String(value)];
}

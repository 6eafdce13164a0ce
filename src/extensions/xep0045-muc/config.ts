/**
 * A room's configuration, XEP-0045 §10.1 and §10.2. The common options have the names that they have in a `room` object;
 * under the names of XEP-0045 and of the service every option can be read and set.
 *   {"type":"room.config.set","data":{"room":"dev@rooms.example.com","values":{"membersOnly":true}}}
 *   → the room's form, `muc#roomconfig_membersonly` filled in
 */
import type { Account } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { Form, FormValue, FormValues } from '../../protocol/forms.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, elements, find } from '../../xmpp/stanza.ts';
import { fill, formIn } from '../xep0004-forms.ts';
import { askOwner } from './ask.ts';
import { relearn } from './learn.ts';
import type { Part } from './part.ts';
import { roomAddress, roomsOf } from './rooms.ts';

interface Option {
  /** The option's names at different services; the first one that a form has counts. */
  readonly vars: readonly string[];
  readonly kind: 'text' | 'boolean' | 'number' | 'list';
  /** Our word for each of XEP-0045's. */
  readonly words?: Readonly<Record<string, string>>;
}

const prefix = 'muc#roomconfig_';
const boolean = (...vars: string[]): Option => ({ vars, kind: 'boolean' });
const text = (...vars: string[]): Option => ({ vars, kind: 'text' });

export const options: Readonly<Record<string, Option>> = {
  name: text(`${prefix}roomname`),
  description: text(`${prefix}roomdesc`),
  language: text(`${prefix}lang`),
  persistent: boolean(`${prefix}persistentroom`),
  public: boolean(`${prefix}publicroom`),
  moderated: boolean(`${prefix}moderatedroom`),
  membersOnly: boolean(`${prefix}membersonly`),
  passwordProtected: boolean(`${prefix}passwordprotectedroom`),
  password: text(`${prefix}roomsecret`),
  anonymous: { ...text(`${prefix}whois`), words: { moderators: 'semi', anyone: 'non' } },
  maxOccupants: { vars: [`${prefix}maxusers`], kind: 'number' },
  subjectByAnyone: boolean(`${prefix}changesubject`),
  invitesByAnyone: boolean(`${prefix}allowinvites`),
  privateMessages: text(`${prefix}allowpm`),
  archive: boolean(`${prefix}enablearchiving`, 'mam'),
  owners: { vars: [`${prefix}roomowners`], kind: 'list' },
  admins: { vars: [`${prefix}roomadmins`], kind: 'list' },
};

function optionOf(key: string): Option | undefined {
  return Object.hasOwn(options, key) ? options[key] : undefined;
}

/** The form's field for one of our keys; undefined where this room has no such option. */
function fieldOf(form: Form, { vars }: Option) {
  return form.fields.find(({ var: name }) => name !== undefined && vars.includes(name));
}

/** @throws StanzaError what the room says to who is no owner */
export async function askConfiguration(account: Account, room: Jid): Promise<Form> {
  return formIn(await askOwner(account, room, 'get'), room.bare);
}

/** The room's options under our names. */
export function friendly(form: Form): FormValues {
  const values: FormValues = {};
  for (const [key, option] of Object.entries(options)) {
    const field = fieldOf(form, option);
    const value = field && read(option, field.values);
    if (value !== undefined) values[key] = value;
  }
  return values;
}

function read({ kind, words = {} }: Option, texts: readonly string[]): FormValue | undefined {
  const [first] = texts;
  if (kind === 'list') return [...texts];
  // COMPAT(Prosody): what is off has no value.
  if (kind === 'boolean') return first === '1';
  if (first === undefined) return undefined;
  if (kind === 'number') return /^\d{1,9}$/.test(first) ? Number(first) : undefined;
  return Object.hasOwn(words, first) ? words[first] : first;
}

/** Our names and words replaced by those of the form. @throws StanzaError bad-request, feature-not-implemented */
export function translate(
  form: Form,
  given: FormValues,
  room: Jid,
): { values: FormValues; paths: Map<string, string> } {
  const values: FormValues = {};
  const paths = new Map<string, string>();
  const set = (name: string, value: FormValue, key: string): void => {
    if (paths.has(name)) throw badRequest(`values.${key}`, `${key} and ${paths.get(name)} are the same option`);
    values[name] = value;
    paths.set(name, key);
  };
  for (const [key, value] of Object.entries(withPassword(form, given))) {
    const option = optionOf(key);
    if (!option) {
      if (restricted.has(key) && !form.fields.some((field) => field.var === key)) throw notOffered(key, room);
      set(key, value, key);
      continue;
    }
    const name = fieldOf(form, option)?.var;
    if (name === undefined) throw notOffered(key, room);
    set(name, write(option, value, key), key);
  }
  return { values, paths };
}

function write({ words }: Option, value: FormValue, key: string): FormValue {
  if (!words) return value;
  const word = Object.entries(words).find(([, ours]) => ours === value)?.[0];
  if (word !== undefined) return word;
  throw badRequest(`values.${key}`, `values.${key} is one of ${Object.values(words).join(', ')}`);
}

/** A password needs its switch where the service has one (ejabberd); elsewhere the password is the switch (Prosody). */
function withPassword(form: Form, { passwordProtected, ...given }: FormValues): FormValues {
  const hasSwitch = options.passwordProtected && fieldOf(form, options.passwordProtected) !== undefined;
  if (hasSwitch) {
    const on = passwordProtected ?? (given.password === undefined ? undefined : given.password !== '');
    return on === undefined ? given : { ...given, passwordProtected: on };
  }
  if (passwordProtected === undefined) return given;
  if (passwordProtected === false || passwordProtected === '0') return { ...given, password: '' };
  if (given.password === undefined) throw badRequest('values.password', 'values.password is required');
  return given;
}

/** What Prosody 13 takes out of the form of users that it counts as guests. */
const restricted = new Set([`${prefix}persistentroom`, `${prefix}publicroom`]);

function notOffered(key: string, room: Jid): StanzaError {
  const isRestricted = restricted.has(key) || optionOf(key)?.vars.some((name) => restricted.has(name));
  const hint = isRestricted ? `. ${prosodyHint}` : '';
  return new StanzaError(
    'feature-not-implemented',
    `The room does not offer the option ${key} to this account${hint}`,
    {
      field: `values.${key}`,
      by: room.bare,
    },
  );
}

/** COMPAT(Prosody 13): a component's users are guests of its room service. */
const prosodyHint =
  'On Prosody 13 an administrator grants it with server_user_role = "prosody:registered" in the rooms\' Component section';

/** Changes what `given` names; the rest stays as it is. @throws StanzaError */
export async function configure(account: Account, room: Jid, given: FormValues): Promise<void> {
  const form = await askConfiguration(account, room);
  const { values, paths } = translate(form, given, room);
  await askOwner(
    account,
    room,
    'set',
    fill(form, values, (name) => `values.${paths.get(name) ?? name}`),
  );
}

/** §10.2.1: what changes a room that its occupants are told of: options, and whether it is logged or anonymous. */
const changes = new Set(['104', '170', '171', '172', '173', '174']);

/** The room has been configured anew: it is asked once, whoever of the gateway is in it, and every account told. */
function takesChange(account: Account, stanza: Element, from: Jid): boolean {
  const x = stanza.name === 'message' && from.resource === '' ? find(stanza, 'x', ns.mucUser) : undefined;
  const room = x && stanza.attrs.type === 'groupchat' ? roomsOf(account).get(from.bare) : undefined;
  const isChange = x && elements(x).some(({ name, attrs }) => name === 'status' && changes.has(attrs.code ?? ''));
  if (!room || !isChange || find(stanza, 'body', '') || find(stanza, 'subject', '')) return false;
  void relearn(room).then(() => {
    if (room.state === 'joined') room.push();
  });
  return true;
}

export const config: Part = {
  requests: {
    'room.config.get': async ({ account }, data) => {
      const form = await askConfiguration(account, roomAddress(account, data.room));
      return { form, values: friendly(form) };
    },
    'room.config.set': async ({ account }, data) => {
      await configure(account, roomAddress(account, data.room), data.values);
      return undefined;
    },
  },
  takes: takesChange,
};

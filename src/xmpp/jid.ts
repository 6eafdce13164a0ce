/**
 * JIDs (RFC 7622), normalised. A bad address in `to` costs its sender an error; one in `from` ends the stream for
 * everybody, so our own accounts' localparts, made from user names (XEP-0106), are kept to what every server takes:
 * Prosody and ejabberd still prepare addresses with the stringprep profiles of RFC 6122 (Unicode 3.2).
 */
import { StanzaError } from '../protocol/errors.ts';

/** A normalised address: equal JIDs have equal text. */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
  /** `local@domain` or `domain` */
  readonly bare: string;
  readonly full: string;
}

function malformed(text: string, why: string): StanzaError {
  return new StanzaError('jid-malformed', `Not a JID: ${JSON.stringify(text.slice(0, 80))} ${why}`);
}

/**
 * Text → a normalised JID.
 * @throws StanzaError jid-malformed
 */
export function parse(text: string): Jid {
  const { jid, bad } = read(text);
  if (!jid) throw malformed(text, `has a bad ${bad}`);
  return jid;
}

/** The same, undefined where the text is no JID: most of what the stream says where an address is missing. */
export function tryParse(text: string): Jid | undefined {
  return read(text).jid;
}

function read(text: string): { jid?: Jid; bad?: string } {
  // RFC 7622 §3.1: the resource starts at the first slash, the localpart ends at the first at-sign before it.
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const at = address.indexOf('@');
  const local = at < 0 ? '' : prepareLocal(address.slice(0, at));
  const domain = prepareDomain(at < 0 ? address : address.slice(at + 1));
  const resource = slash < 0 ? '' : prepareResource(text.slice(slash + 1));
  if (local === undefined) return { bad: 'localpart' };
  if (domain === undefined) return { bad: 'domain' };
  if (resource === undefined) return { bad: 'resource' };
  return { jid: make(local, domain, resource) };
}

/** A JID from parts that are prepared already. */
export function make(local: string, domain: string, resource = ''): Jid {
  const bare = local === '' ? domain : `${local}@${domain}`;
  return { local, domain, resource, bare, full: resource === '' ? bare : `${bare}/${resource}` };
}

const maxPartBytes = 1023;

function fits(part: string): boolean {
  return part !== '' && (part.length <= 341 || Buffer.byteLength(part) <= maxPartBytes);
}

/** Before it is prepared: to put a long run of combining marks in order takes the square of its length. */
function isTooLong(text: string): boolean {
  return text.length > maxPartBytes;
}

const plainLocal = /^[a-z0-9._-]+$/;
const plainDomain = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
// RFC 7622 §3.3.1, and what is no character at all.
const badInLocal = /[\s"&'/:<>@\p{Cc}\p{Cn}\p{Cs}\p{Z}]/u;

/** RFC 7622 §3.3, RFC 6122 appendix A: case folded, NFKC; undefined where no server would take it. */
export function prepareLocal(text: string): string | undefined {
  if (isTooLong(text)) return undefined;
  if (plainLocal.test(text)) return text;
  // RFC 3454 B.2 knows one sigma, lower case two.
  const local = text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
  return fits(local) && !badInLocal.test(local) && isOneDirection(local) ? local : undefined;
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const leftToRight = /[A-Za-z\u00c0-\u058f\u0900-\u1fff\u2c00-\ud7ff]/;

/** RFC 3454 §6: a text with right-to-left characters has no left-to-right ones, and starts and ends with them. */
function isOneDirection(text: string): boolean {
  if (!rightToLeft.test(text)) return true;
  const first = text.at(0) ?? '';
  const last = text.at(-1) ?? '';
  // A mark that stands on the last character has no direction of its own.
  return !leftToRight.test(text) && rightToLeft.test(first) && rightToLeft.test(last) && !/\p{M}/u.test(last);
}

/** RFC 7622 §3.2: lower case, no trailing dot; host names, internationalised labels, IPv4, bracketed IPv6. */
export function prepareDomain(text: string): string | undefined {
  if (isTooLong(text)) return undefined;
  if (plainDomain.test(text)) return text;
  const domain = text.normalize('NFKC').toLowerCase().replace(/\.$/, '');
  if (plainDomain.test(domain) || /^\[[0-9a-f:.]+\]$/.test(domain)) return domain;
  const labels = domain.split('.');
  return fits(domain) && labels.every((label) => /^(?!-)[\p{Ll}\p{Lm}\p{Lo}\p{Mn}\p{Mc}\p{Nd}-]+(?<!-)$/u.test(label))
    ? domain
    : undefined;
}

const badInResource = /[\p{Cc}\p{Cs}\ufffe\uffff]/u;

/** RFC 7622 §3.4: case preserved, NFKC, no control characters. */
export function prepareResource(text: string): string | undefined {
  if (isTooLong(text)) return undefined;
  const resource = text.normalize('NFKC');
  return fits(resource) && !badInResource.test(resource) ? resource : undefined;
}

const escaped: Record<string, string> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
};

// Letters, marks, digits, and printable ASCII. Beyond the Basic Multilingual Plane nothing: it holds little but what is
// younger than Unicode 3.2, which ejabberd refuses (COMPAT(ejabberd 23.01)).
const accountChars = /^(?:[!-~]|(?![^\0-\uffff])[\p{Ll}\p{Lm}\p{Lo}\p{Mn}\p{Mc}\p{Nd}])+$/u;

// What stringprep maps to nothing or to something else (RFC 3454 B.1, B.2): to XMPP users the account would look like,
// and could pass for, the one of that other name.
const mapped = /ß|\u0345|\p{Default_Ignorable_Code_Point}/u;

/**
 * XEP-0106 §4.2: a user name as a localpart. Reversible, so two names never share an account but by case.
 * Undefined where no JID can carry the name.
 */
export function escapeLocal(name: string): string | undefined {
  // XEP-0106 §4.1: a space is allowed inside, not at either end.
  if (isTooLong(name) || name.startsWith(' ') || name.endsWith(' ') || isOtherSpelling(name)) return undefined;
  const text = name
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/gi, '\\5c')
    .replace(/[ "&'/:<>@]/g, (char) => escaped[char] ?? char);
  const local = prepareLocal(text);
  if (local === undefined || !accountChars.test(local)) return undefined;
  return plainLocal.test(local) || !mapped.test(local.normalize('NFD')) ? local : undefined;
}

/**
 * Full-width letters, ligatures, the Kelvin sign: other characters, which NFKC makes the usual ones. Whoever is called so
 * would have the account of who is called as it looks. A name and its decomposed form are one name.
 */
function isOtherSpelling(name: string): boolean {
  const composed = name.normalize('NFC');
  return name.normalize('NFKC') !== composed || (name !== composed && name !== name.normalize('NFD'));
}

/** XEP-0106 §4.3: a localpart as people read it. */
export function unescapeLocal(local: string): string {
  return local.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Random content of messages: all that a client may write, and stanzas as strangers write them. */
import type { Forwarded, Mention } from '../../src/protocol/content.ts';
import type { File } from '../../src/protocol/files.ts';
import type { Form } from '../../src/protocol/forms.ts';
import type { Message } from '../../src/protocol/objects.ts';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import type { Random } from './random.ts';

type Content = Partial<Message>;

/** What a client may write, with everything there or not there, in the form in which it is sent. */
export function randomContent(random: Random): Content {
  const { body, ...texts } = randomTexts(random);
  const thread = random.maybe(() => random.text());
  return filled({
    ...texts,
    body,
    thread,
    parentThread: thread === undefined ? undefined : random.maybe(() => random.text(1)),
    originId: random.maybe(() => random.text(1)),
    attention: random.maybe(() => true, 0.1),
    form: random.maybe(() => randomForm(random), 0.2),
    forwarded: random.maybe(() => random.list(1, 2, () => forwarded(random)), 0.2),
  });
}

function randomTexts(random: Random): Content {
  const lang = random.maybe(() => random.language());
  const others = random.maybe(() => random.list(1, 3, () => random.language()), 0.3);
  // RFC 6121 §5.2.3: not twice in one language.
  const bodies = Object.fromEntries((others ?? []).filter((one) => one !== lang).map((one) => [one, random.text()]));
  const files = random.maybe(() => unlike(random.list(1, 3, () => file(random))), 0.3);
  const reply = random.maybe(
    () => ({ id: random.text(1), to: random.maybe(() => 'bob@example.com/a b'), quote: quote(random) }),
    0.3,
  );
  const several = Object.keys(bodies).length > 0;
  const isNeeded = several || reply !== undefined;
  // A text that is nothing cannot be told from no text beside a file or a quote.
  const body = random.maybe(() => random.text(reply || files ? 1 : 0), 0.9) ?? (isNeeded ? random.text(1) : undefined);
  return filled({
    lang: body === undefined && bodies === undefined ? undefined : lang,
    body,
    bodies: several ? bodies : undefined,
    subject: random.maybe(() => random.text()),
    files,
    // XEP-0428 has ranges for one text only.
    reply: reply && filled({ ...reply, quote: several ? undefined : reply.quote }),
    mentions: random.maybe(() => random.list(1, 3, () => mention(random, body)), 0.3),
    html: body === undefined ? undefined : random.maybe(() => html(random, 3), 0.3),
    spoiler: random.maybe(() => random.text(), 0.2),
    unstyled: random.maybe(() => true, 0.2),
    encryption:
      body === undefined
        ? undefined
        : random.maybe(() => filled({ namespace: 'urn:example:e', name: random.maybe(() => random.text(1)) }), 0.2),
    payload: random.maybe(() => filled({ datatype: random.maybe(() => 'urn:example:d'), json: json(random, 3) }), 0.3),
    hints: random.maybe(
      () => random.one([['no-store'], ['no-copy', 'store'], ['no-permanent-store', 'no-copy']] as const).slice(),
      0.3,
    ),
  });
}

function forwarded(random: Random): Forwarded {
  return filled({
    ...randomTexts(random),
    id: random.maybe(() => random.text(1)),
    from: random.maybe(() => 'juliet@example.com/balcony'),
    to: random.maybe(() => 'romeo@example.com'),
    type: random.maybe(() => random.one(['chat', 'groupchat', 'normal', 'headline'] as const)),
    time: random.maybe(() => '2026-01-01T09:00:00.123Z'),
  }) as Forwarded;
}

function quote(random: Random): string | undefined {
  // One that begins with its own marks would be read without them.
  return random.maybe(() => random.list(1, 3, () => `q${random.text()}`.replaceAll(/[\r\n]/g, ' ')).join('\n'));
}

function mention(random: Random, body = ''): Mention {
  const length = Array.from(body).length;
  const jid = random.one(['bob@example.com', 'dev@rooms.example.com/Bob / & 🦜', 'b%25@example.com']);
  if (length === 0 || random.chance(0.2)) return { jid };
  const begin = random.below(length);
  return { jid, begin, end: begin + 1 + random.below(length - begin) };
}

function file(random: Random): File {
  const size = () => random.maybe(() => random.below(10_000));
  const hashes = () => ({ 'sha-256': 'aGFzaA==', [random.one(['sha-1', 'sha3-256'])]: 'eA==' });
  const encrypted = () => filled({ cipher: 'urn:example:c', key: 'a2V5', iv: 'aXY=', hashes: random.maybe(hashes) });
  return filled({
    url: `https://up.example.com/${random.below(1e9)}?a=1&b='2'`,
    name: random.maybe(() => random.text(1)),
    mediaType: random.maybe(() => 'image/jpeg'),
    size: size(),
    width: size(),
    height: size(),
    length: size(),
    date: random.maybe(() => '2015-07-26T20:46:00.000Z'),
    desc: random.maybe(() => random.text(1)),
    hashes: random.maybe(hashes),
    disposition: random.maybe(() => random.one(['inline', 'attachment'] as const)),
    thumbnails: random.maybe(() => [
      filled({ uri: 'cid:sha1+aa@bob.xmpp.org', mediaType: 'image/png', width: size() }),
    ]),
    encrypted: random.maybe(encrypted, 0.2),
  }) as File;
}

function unlike(files: File[]): File[] {
  return [...new Map(files.map((one) => [one.url, one])).values()];
}

function randomForm(random: Random): Form {
  const field = () =>
    filled({
      var: random.text(1),
      type: random.one(['boolean', 'hidden', 'jid-multi', 'list-single', 'text-multi', 'text-single'] as const),
      label: random.maybe(() => random.text(1)),
      desc: random.maybe(() => random.text(1)),
      required: random.maybe(() => true),
      values: random.list(0, 2, () => random.one(['0', '1'])),
    }) as Form['fields'][number];
  const fields = random.list(0, 3, field);
  return filled({
    type: random.one(['form', 'submit', 'result'] as const),
    title: random.maybe(() => random.text(1)),
    fields,
  }) as Form;
}

/** No null: on input that means absent. */
function json(random: Random, depth: number): unknown {
  const kind = depth === 0 ? random.below(3) : random.below(5);
  if (kind === 0) return random.text();
  if (kind === 1) return random.below(1e9) / 8;
  if (kind === 2) return random.chance(0.5);
  if (kind === 3) return random.list(0, 3, () => json(random, depth - 1));
  return Object.fromEntries(random.list(0, 3, () => [random.one(['a', 'b', 'ü"<', '']), json(random, depth - 1)]));
}

/** As it is written by us; neighbouring texts are one. */
export function html(random: Random, depth: number): string {
  const text = () =>
    random.text(1).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', ' ');
  const tag = (): string => {
    const name = random.one(['p', 'em', 'strong', 'span', 'blockquote', 'ul', 'li', 'code', 'br', 'a']);
    if (name === 'br') return '<br/>';
    const attrs =
      name === 'a'
        ? ' href="https://example.com/?a=1&amp;b=2"'
        : random.maybe(() => ' style="color: red; font-size: 12px"');
    return `<${name}${attrs ?? ''}>${depth > 0 && random.chance(0.7) ? html(random, depth - 1) : text()}</${name}>`;
  };
  return `${random.maybe(text) ?? ''}${tag()}${random.maybe(text) ?? ''}`;
}

/** Elements of the fields of messages as somebody writes them who knows them by hearsay only. */
export function strangeElement(random: Random): Element {
  const odd = () =>
    random.one([
      random.text(),
      '',
      '0',
      '3',
      '-1',
      '99',
      'a@b',
      'xmpp:a@b',
      'https://a.example/x',
      'javascript:x',
      '2026-01-01T10:00:00Z',
    ]);
  const attrs = (...names: string[]) =>
    Object.fromEntries(names.flatMap((name) => (random.chance(0.7) ? [[name, odd()]] : [])));
  const feature = () => random.one(['urn:xmpp:reply:0', 'urn:xmpp:sfs:0', 'urn:example:x']);
  const inner = (depth: number): Element[] => random.list(0, 3, () => part(depth));
  const part = (depth: number): Element => {
    const [name, xmlns] = random.one(parts);
    const own = xmlns === '' ? {} : { xmlns };
    const all = {
      ...own,
      ...attrs('id', 'to', 'start', 'end', 'begin', 'uri', 'target', 'type', 'datatype', 'namespace', 'algo', 'cipher'),
    };
    const marked =
      name === 'fallback' ? { ...all, for: feature() } : name === 'reference' ? { ...all, type: 'mention' } : all;
    return el(name, marked, odd(), ...(depth > 0 ? inner(depth - 1) : []));
  };
  return part(3);
}

const parts: [name: string, xmlns: string][] = [
  ['body', ''],
  ['body', 'urn:xmpp:fallback:0'],
  ['body', 'http://www.w3.org/1999/xhtml'],
  ['p', 'http://www.w3.org/1999/xhtml'],
  ['script', 'http://www.w3.org/1999/xhtml'],
  ['html', 'http://jabber.org/protocol/xhtml-im'],
  ['reply', 'urn:xmpp:reply:0'],
  ['fallback', 'urn:xmpp:fallback:0'],
  ['reference', 'urn:xmpp:reference:0'],
  ['x', 'jabber:x:oob'],
  ['url', 'jabber:x:oob'],
  ['file-sharing', 'urn:xmpp:sfs:0'],
  ['sources', 'urn:xmpp:sfs:0'],
  ['file', 'urn:xmpp:file:metadata:0'],
  ['size', 'urn:xmpp:file:metadata:0'],
  ['hash', 'urn:xmpp:hashes:2'],
  ['thumbnail', 'urn:xmpp:thumbs:1'],
  ['url-data', 'http://jabber.org/protocol/url-data'],
  ['encrypted', 'urn:xmpp:esfs:0'],
  ['key', 'urn:xmpp:esfs:0'],
  ['encryption', 'urn:xmpp:eme:0'],
  ['spoiler', 'urn:xmpp:spoiler:0'],
  ['attention', 'urn:xmpp:attention:0'],
  ['unstyled', 'urn:xmpp:styling:0'],
  ['payload', 'urn:xmpp:json-msg:0'],
  ['json', 'urn:xmpp:json:0'],
  ['forwarded', 'urn:xmpp:forward:0'],
  ['message', 'jabber:client'],
  ['x', 'jabber:x:data'],
  ['field', 'jabber:x:data'],
  ['store', 'urn:xmpp:hints'],
  ['attach-to', 'urn:xmpp:message-attaching:1'],
  ['thread', ''],
  ['subject', ''],
];

/** Without what is absent. */
function filled<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}

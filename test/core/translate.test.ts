/**
 * Properties of the translation, on random content: SEED=n in the environment repeats a run. What is written is read
 * again as it was, by the parser that the link uses; what no field reads is in `extra`, every element of it.
 */
import { describe, expect, it } from 'vitest';
import { Translator } from '../../src/core/translate.ts';
import { split } from '../../src/extensions/file-parts.ts';
import { builtIn } from '../../src/extensions/index.ts';
import { messageOf } from '../../src/extensions/message-content.ts';
import { attach, attachedIn, isIncomplete } from '../../src/extensions/xep0367-attaching.ts';
import type { ElementTree } from '../../src/protocol/errors.ts';
import { events, requests } from '../../src/protocol/frames.ts';
import type { Presence } from '../../src/protocol/objects.ts';
import { compile } from '../../src/protocol/parse.ts';
import { append, type Element, el, elements, nameOf, namespaceOf, serialize } from '../../src/xmpp/stanza.ts';
import { fromTree } from '../../src/xmpp/tree.ts';
import { Random } from '../support/random.ts';
import { randomContent, strangeElement } from '../support/random-content.ts';
import { parseStanza } from '../support/stanza-text.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const runs = 2000;
const translate = new Translator(builtIn);

/** Runs a property on many values; a failure names the seed and the run. */
function always(property: (random: Random) => void): void {
  for (let run = 0; run < runs; run++) {
    try {
      property(new Random(seed + run));
    } catch (error) {
      throw new Error(`SEED=${seed + run} fails in its first run`, { cause: error });
    }
  }
}

describe(`with the seed ${seed}`, () => {
  it('what a message says is read as it was written', () => {
    const check = compile(requests['message.send'].data);
    always((random) => {
      const message = randomContent(random);
      check({ to: 'a@b', ...message });
      const stanza = el('message');
      translate.writeMessage(stanza, message);
      const read = parseStanza(serialize(stanza));
      expect(translate.readMessage(read)).toEqual(message);
      expect(translate.extra(read, 'message')).toEqual([]);
    });
  });

  it('what a client wrote is what is sent of it, and split into stanzas it comes together again', () => {
    always((random) => {
      const { originId = 'o', ...written } = randomContent(random);
      if (Object.keys(written).every((key) => beside.has(key))) return;
      const message = messageOf(written);
      expect(message).toEqual(written);
      const whole = el('message', { id: 'm', from: 'a@b', to: 'c@d' });
      translate.writeMessage(whole, { ...message, originId });
      const several = split(whole);
      if (!several) return;
      const [main, ...parts] = [several.main, ...several.parts('m')].map((one) => parseStanza(serialize(one)));
      if (!main) throw new Error('nothing to send');
      expect(isIncomplete(main)).toBe(true);
      for (const part of random.shuffled(parts)) {
        const attached = attachedIn(part);
        expect(attached && attach(main, attached)).toBe(true);
      }
      expect(isIncomplete(main)).toBe(false);
      const { hints: _, ...read } = translate.readMessage(main);
      const { hints: __, ...said } = message;
      expect(read).toEqual({ ...said, originId });
    });
  });

  it('whatever a stranger makes of these fields, it is valid, and of what is not understood nothing is lost', () => {
    const check = compile(events.message.data);
    const addresses = { id: 'i', chat: 'a@b', type: 'chat', from: 'a@b', to: 'a@b', time: '2026-01-01T10:00:00.000Z' };
    always((random) => {
      const stanza = el('message', {}, ...random.list(1, 6, () => strangeElement(random)));
      const read = parseStanza(serialize(stanza));
      const message = translate.readMessage(read);
      const extra = translate.extra(read, 'message');
      check({ ...addresses, ...message, extra });
      // Back to XML: what has a field is written again, the rest is in extra.
      const again = el('message');
      translate.writeMessage(again, message);
      for (const one of extra) append(again, fromTree(one));
      // Sources of a file that was told of before are written with their file around them.
      const kept = [again, ...elements(again)].flatMap(namesIn);
      const missing = namesIn(read).filter((name) => !kept.includes(name));
      expect(missing).toEqual([]);
    });
  });

  it('presence is read as it was written', () => {
    const check = compile(requests['presence.set'].data);
    always((random) => {
      const show = random.maybe(() => random.one(['chat', 'away', 'xa', 'dnd'] as const));
      const status = random.maybe(() => random.text());
      const presence: Partial<Presence> = { ...(show && { show }), ...(status !== undefined && { status }) };
      check(presence);
      const stanza = el('presence');
      translate.writePresence(stanza, presence);
      const read = parseStanza(serialize(stanza));
      expect(translate.readPresence(read)).toEqual(presence);
      expect(translate.extra(read, 'presence')).toEqual([]);
    });
  });

  it('an unknown element is in extra, whole, in its place', () => {
    always((random) => {
      const message = randomContent(random);
      const unknown = random.list(0, 4, () => tree(random, 4));
      const stanza = el('message');
      translate.writeMessage(stanza, message);
      for (const one of unknown) {
        const element = fromTree(one);
        append(stanza, element);
        stanza.children.splice(random.below(stanza.children.length), 0, ...stanza.children.splice(-1));
      }
      const read = parseStanza(serialize(stanza).replaceAll(placeholder, foreign));
      const kept = translate.extra(read, 'message');
      expect(kept.toSorted(byText)).toEqual(unknown.map((one) => asShown(one)).toSorted(byText));
      expect(translate.readMessage(read)).toEqual(message);
    });
  });

  it('of a known element that comes again, or makes no sense, nothing is lost', () => {
    const names = [
      ['subject', ''],
      ['thread', ''],
      ['show', ''],
      ['status', ''],
      ['delay', 'urn:xmpp:delay'],
      ['origin-id', 'urn:xmpp:sid:0'],
      ['composing', 'http://jabber.org/protocol/chatstates'],
      ['paused', 'http://jabber.org/protocol/chatstates'],
    ] as const;
    always((random) => {
      const children = random.list(1, 6, () => random.one(names));
      const kind = random.one(['message', 'presence', 'typing'] as const);
      const stanza = el(kind === 'presence' ? 'presence' : 'message');
      for (const [name, xmlns] of children) append(stanza, el(name, xmlns ? { xmlns } : {}, random.text()));
      const read = parseStanza(serialize(stanza));
      const object = {
        message: () => translate.readMessage(read),
        presence: () => translate.readPresence(read),
        typing: () => translate.readTyping(read),
      }[kind]();
      // Every field that has a value here has read one element.
      expect(translate.extra(read, kind)).toHaveLength(children.length - Object.keys(object).length);
    });
  });

  it('whatever comes in, what it makes is valid', () => {
    const check = compile(events.message.data);
    const addresses = { id: 'i', chat: 'a@b', type: 'chat', from: 'a@b', to: 'a@b', time: '2026-01-01T10:00:00.000Z' };
    always((random) => {
      const stanza = el('message', { 'xml:lang': random.maybe(() => random.text()) });
      const odd = () => random.one([random.text(), random.language(), 'a@b', '2026-01-01T10:00:00Z', '']);
      for (const [name, xmlns, ...attrs] of random.list(0, 6, () => random.one(strange))) {
        const values = attrs.flatMap((attr) => (random.chance(0.7) ? [[attr, odd()]] : []));
        append(stanza, el(name, { ...(xmlns ? { xmlns } : {}), ...Object.fromEntries(values) }, odd()));
      }
      const read = parseStanza(serialize(stanza));
      check({ ...addresses, ...translate.readMessage(read), extra: translate.extra(read, 'message') });
    });
  });
});

it('a stanza full of one kind of element is read in time', () => {
  const random = new Random(1);
  const kinds = Array.from({ length: 300 }, () => strangeElement(random)).map(({ name, attrs }) => ({ name, attrs }));
  for (const { name, attrs } of kinds) {
    const stanza = el('message', {}, ...Array.from({ length: 4000 }, () => el(name, attrs, 'x')));
    const start = performance.now();
    translate.readMessage(stanza);
    translate.extra(stanza, 'message');
    expect(performance.now() - start, `${name} ${attrs.xmlns}`).toBeLessThan(1000);
  }
});

/** Without anything else these are no message. */
const beside = new Set(['lang', 'thread', 'parentThread', 'hints', 'reply', 'mentions', 'spoiler', 'unstyled', 'html']);

/** The kinds of element that a stanza has. */
function namesIn(stanza: Element): string[] {
  return [...new Set(elements(stanza).map((child) => `${nameOf(child)} ${namespaceOf(child)}`))];
}

/** Elements of which a stranger may write anything: name, namespace, attributes. */
const strange: [name: string, xmlns: string, ...attrs: string[]][] = [
  ['body', '', 'xml:lang'],
  ['subject', '', 'xml:lang'],
  ['thread', '', 'parent'],
  ['delay', 'urn:xmpp:delay', 'from', 'stamp'],
  ['origin-id', 'urn:xmpp:sid:0', 'id'],
  ['stanza-id', 'urn:xmpp:sid:0', 'id', 'by'],
  ['active', 'http://jabber.org/protocol/chatstates'],
];

/** A name that may come in and, not being ASCII, may not go out; and what stands for it until it is written. */
const [foreign, placeholder] = ['é', 'e-acute'];

/** An element that no field knows, and whose children may have names that one does. */
function tree(random: Random, depth: number): Required<ElementTree> {
  const name = () => random.one(['body', 'thread', 'x', placeholder, 'a-b.c', 'delay']);
  const text = () => random.text(1);
  const make = (outer: string, left: number): Required<ElementTree> => {
    const xmlns = left === depth || random.chance(0.3) ? `urn:example:${random.below(3)}` : outer;
    const attrs = Object.fromEntries(random.list(0, 2, () => [random.one(['a', 'id', 'xml:lang']), random.text()]));
    const children: (ElementTree | string)[] = [];
    for (const isText of random.list(0, left === 0 ? 0 : 3, () => random.chance(0.5))) {
      if (!isText) children.push(make(xmlns, left - 1));
      else if (typeof children.at(-1) !== 'string') children.push(text());
    }
    return { name: name(), attrs: { xmlns, ...attrs }, children };
  };
  return make('', depth);
}

/** As `extra` shows it: a namespace stands where it changes. */
function asShown({ name, attrs = {}, children = [] }: ElementTree, outer = ''): ElementTree {
  const { xmlns = outer, ...rest } = attrs;
  return {
    name: name === placeholder ? foreign : name,
    attrs: xmlns === outer ? rest : { xmlns, ...rest },
    children: children.map((child) => (typeof child === 'string' ? child : asShown(child, xmlns))),
  };
}

function byText(a: ElementTree, b: ElementTree): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Markup in messages: whatever was written, what comes out is safe, and comes out in time. */
import { describe, expect, it } from 'vitest';
import { readHtml } from '../../src/extensions/html-reader.ts';
import { htmlOf, maxMarkupDepth } from '../../src/extensions/markup.ts';
import { type Element, el, elements } from '../../src/xmpp/stanza.ts';
import { Random } from '../support/random.ts';
import { html } from '../support/random-content.ts';

function cleaned(text: string): string {
  const root = el('body');
  readHtml(text, root);
  return htmlOf(root);
}

describe('html from a client', () => {
  it.each([
    ['plain & text', 'plain &amp; text'],
    ['a < b > c &lt; d', 'a &lt; b &gt; c &lt; d'],
    ['<B>bold<I>both</B>after', '<b>bold<i>both</i></b>after'],
    ['one<br>two<BR/>three<hr>', 'one<br/>two<br/>three'],
    ['</p>closed<p>open', 'closed<p>open</p>'],
    [
      '<a href="https://example.com/?a=1&amp;b=2" onclick="x()" target=_blank>l</a>',
      '<a href="https://example.com/?a=1&amp;b=2">l</a>',
    ],
    ['<a href="java&#115;cript:alert(1)">x</a>', '<a>x</a>'],
    ['<a href="java\tscript:alert(1)">x</a>', '<a>x</a>'],
    ['<a href="data:text/html,<script>">x</a>', '<a>x</a>'],
    ['<a href="//evil.example">x</a>', '<a>x</a>'],
    [
      '<img src="cid:sha1+aa@bob.xmpp.org" alt="a" width="10" height="x">',
      '<img src="cid:sha1+aa@bob.xmpp.org" alt="a" width="10"/>',
    ],
    ['<img src="https://evil.example/p.png">', '<a href="https://evil.example/p.png">https://evil.example/p.png</a>'],
    ['<img src=x onerror=alert(1)>', ''],
    [
      '<p style="color:red;position:fixed;background:url(x);font-size:12px;color:expression(1)">x',
      '<p style="color: red; font-size: 12px">x</p>',
    ],
    ['<p style="color: red\\3b position: fixed">x', '<p>x</p>'],
    ['<script>alert("</p>")</script>y', 'y'],
    ['<script>alert(1)</script\n>y<style>*{}</style>z', 'yz'],
    ['<script>never closed', ''],
    ['<svg><script>alert(1)</script></svg><math><mtext></math>ok', 'ok'],
    ['<custom-tag a=1>kept</custom-tag>', 'kept'],
    ['<!-- c --><![CDATA[x]]><?php echo ?>t<!doctype html>', 't'],
    ['<p title="a>b" title=x', '<p></p>'],
    ["<b a='", '<b></b>'],
    ['&nbsp;&euro;&#x41;&#66;&unknown;&#0;&#xD800;', '\u00a0€AB&amp;unknown;'],
    ['<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '"&gt;'],
    ['<table><tr><td>cell</td></tr></table>', 'cell'],
  ])('%j is %j', (text, expected) => {
    expect(cleaned(text)).toBe(expected);
  });

  it('that is clean stays as it is', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const text = html(new Random(seed), 3);
      expect(cleaned(text)).toBe(text);
    }
  });

  it('made of what breaks sanitisers has nothing but what is allowed, and cleaning it again changes nothing', () => {
    const pieces = [
      '<',
      '>',
      '</',
      '"',
      "'",
      '=',
      ' ',
      '/',
      '<p',
      '<a href=',
      '<img src=',
      'javascript:x',
      'https://e.example/',
      'cid:a',
      '<script',
      '</script>',
      '<style>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<svg',
      ' onload=x',
      ' style="',
      'color:red;',
      'url(x)',
      '&lt;',
      '&#60;',
      '&quot;',
      '&',
      '<b>',
      '</b>',
      '<title>',
      '\n',
      'x',
      '<math><style>',
      '<br',
      '<noscript>',
    ];
    for (let seed = 1; seed <= 5000; seed++) {
      const random = new Random(seed);
      const root = el('body');
      readHtml(random.list(1, 25, () => random.one(pieces)).join(''), root);
      for (const element of all(root))
        expect(isAllowed(element), `seed ${seed}: ${element.name} ${JSON.stringify(element.attrs)}`).toBe(true);
      expect(cleaned(htmlOf(root)), `seed ${seed}`).toBe(htmlOf(root));
    }
  });

  it.each([
    ['open elements', '<b>'.repeat(20_000)],
    ['things never closed', '<a href="'.repeat(8000)],
    ['angle brackets', '<'.repeat(65_000)],
    ['attributes', `<p ${'a=b '.repeat(16_000)}>`],
    ['white space', `<p ${' '.repeat(65_000)}`],
    ['white spaces around signs', `<p ${'a = '.repeat(16_000)}${' '.repeat(1000)}`],
    ['comments', '<!--'.repeat(16_000)],
    ['scripts', '<script>'.repeat(8000)],
    ['quotes', `<p a="${"'".repeat(60_000)}`],
    ['styles', `<p style="${'color:'.repeat(10_000)}">`],
  ])('takes no longer than its length allows, with many %s', (_, text) => {
    const start = performance.now();
    const root = el('body');
    readHtml(text, root);
    expect(performance.now() - start).toBeLessThan(500);
    expect(depthOf(root)).toBeLessThanOrEqual(maxMarkupDepth + 1);
  });
});

function all(root: Element): Element[] {
  return elements(root).flatMap((child) => [child, ...all(child)]);
}

function depthOf(element: Element): number {
  return 1 + Math.max(0, ...elements(element).map(depthOf));
}

function isAllowed({ name, attrs }: Element): boolean {
  const known =
    /^(?:a|b|blockquote|br|cite|code|del|div|em|h[1-6]|i|img|kbd|li|ol|p|pre|q|s|samp|span|strong|sub|sup|u|ul|var)$/;
  const values: Record<string, RegExp> = {
    href: /^(?:https?|mailto|xmpp|tel):[^\s]*$/i,
    src: /^cid:/i,
    style: /^[a-z-]+: [^;:(\\]*(?:\([\d., %]*\))?(?:; [a-z-]+: [^;:(\\]*(?:\([\d., %]*\))?)*$/,
    alt: /^/,
    width: /^\d+$/,
    height: /^\d+$/,
  };
  return known.test(name) && Object.entries(attrs).every(([key, value]) => values[key]?.test(String(value)) ?? false);
}

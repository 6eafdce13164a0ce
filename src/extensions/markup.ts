/**
 * What of HTML may be in a message (XEP-0071 §7, its recommended profile, and a few elements of the same kind). Whatever it
 * was made of, the outcome has no script, no remote content and no style but that of text.
 */
import { append, type Element, el } from '../xmpp/stanza.ts';
import { isSafeUrl } from './safe-url.ts';

/** Deeper ones are not nested but follow each other. */
export const maxMarkupDepth = 20;

const words = (text: string): string[] => text.split(' ');

const allowed: ReadonlySet<string> = new Set(
  words(
    'a b blockquote br cite code del div em h1 h2 h3 h4 h5 h6 i img kbd li ol p pre q s samp span strong sub sup u ul var',
  ),
);
/** Nothing inside of these is text for people. */
const dropped: ReadonlySet<string> = new Set(
  words(
    'applet audio canvas embed head iframe math noembed noframes noscript object plaintext script select style svg template textarea title video xmp',
  ),
);
/** They have no content. */
export const voidElements: ReadonlySet<string> = new Set(
  words('area base br col embed hr img input link meta source track wbr'),
);

export function isDropped(name: string): boolean {
  return dropped.has(name);
}

const linkSchemes = ['https', 'http', 'mailto', 'xmpp', 'tel'];

/** The element to be made of one that was found; nothing where only its content counts. */
export function cleanElement(name: string, attrs: Readonly<Record<string, string | undefined>>): Element | undefined {
  if (!allowed.has(name)) return undefined;
  const style = cleanStyle(attrs.style);
  if (name === 'a') return el('a', { href: link(attrs.href), style });
  if (name === 'img') return image(attrs, style);
  return el(name, { style });
}

function link(href = ''): string | undefined {
  const text = href.trim();
  return isSafeUrl(text, linkSchemes) ? text : undefined;
}

/** XEP-0071 §14: nothing is fetched that the user has not asked for, so what is elsewhere becomes a link. */
function image({ src = '', alt, width, height }: Readonly<Record<string, string | undefined>>, style?: string) {
  const text = alt?.trim() || undefined;
  if (isSafeUrl(src.trim(), ['cid'])) {
    return el('img', { src: src.trim(), alt: alt ?? '', width: pixels(width), height: pixels(height), style });
  }
  const href = link(src);
  if (href !== undefined) return el('a', { href }, text ?? href);
  return text === undefined ? undefined : el('span', {}, text);
}

function pixels(text = ''): string | undefined {
  return /^\d{1,4}$/.test(text) ? text : undefined;
}

const properties: ReadonlySet<string> = new Set(
  words(
    'background-color color font-family font-size font-style font-weight margin-left margin-right text-align text-decoration',
  ),
);
const value = /^(?:[#\w%., '-]{1,100}|rgba?\([\d., %]{1,40}\))$/;

function cleanStyle(style = ''): string | undefined {
  const rules = style.split(';').flatMap((rule) => {
    const colon = rule.indexOf(':');
    const [name, text] = [rule.slice(0, colon).trim().toLowerCase(), rule.slice(colon + 1).trim()];
    return colon > 0 && properties.has(name) && value.test(text) ? [`${name}: ${text}`] : [];
  });
  return rules.length === 0 ? undefined : rules.slice(0, properties.size).join('; ');
}

/** Puts text behind what is there. */
export function appendText(parent: Element, text: string): void {
  const last = parent.children.at(-1);
  if (text === '') return;
  if (typeof last === 'string') parent.children[parent.children.length - 1] = last + text;
  else append(parent, text);
}

/** The markup as HTML text; an XML parser reads it too. */
export function htmlOf({ children }: Element): string {
  return children
    .map((child) => {
      if (typeof child === 'string') return escaped(child);
      const { name, attrs } = child;
      const written = Object.entries(attrs).map(
        ([key, text]) => ` ${key}="${escaped(text ?? '').replaceAll('"', '&quot;')}"`,
      );
      return voidElements.has(name)
        ? `<${name}${written.join('')}/>`
        : `<${name}${written.join('')}>${htmlOf(child)}</${name}>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

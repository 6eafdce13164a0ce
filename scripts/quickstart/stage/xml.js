/** XML for the XMPP user, by the browser's own parser and writer. */

/** Everything that XML 1.0 cannot carry, lone surrogates included. */
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** An element of the namespace `attrs.xmlns`, or of its parent's. Children are elements or text. */
export function element(name, attrs, ...children) {
  return { name, attrs, children };
}

/** The text of an element made by `element`. */
export function serialize({ name, attrs, children }) {
  const document = new Document();
  document.append(build(document, { name, attrs, children }, null));
  return new XMLSerializer().serializeToString(document);
}

function build(document, { name, attrs, children }, parentNamespace) {
  const { xmlns = parentNamespace, ...rest } = attrs;
  const node = document.createElementNS(xmlns, name);
  for (const [key, value] of Object.entries(rest)) node.setAttribute(key, value.replace(forbidden, ''));
  for (const item of children) {
    node.append(typeof item === 'string' ? item.replace(forbidden, '') : build(document, item, xmlns));
  }
  return node;
}

/** The element that a text holds. */
export function parse(text) {
  return new DOMParser().parseFromString(text, 'application/xml').documentElement;
}

/** The first child of that name and namespace, or undefined. */
export function child(node, name, namespace) {
  return [...(node?.children ?? [])].find((item) => item.localName === name && item.namespaceURI === namespace);
}

export function attributes(node) {
  return Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value]));
}

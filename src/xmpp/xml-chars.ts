/**
 * The names and namespaces that may go out. Without prefixes: an unbound one would end the stream. In ASCII: the parser of
 * both servers (expat) goes by the fourth edition of XML 1.0 and ends the stream for the letters of the fifth.
 */

const ncName = /^[A-Za-z_][\w.-]*$/;

export function isElementName(name: string): boolean {
  return ncName.test(name);
}

/** An attribute may also be one of the `xml:` ones, whose prefix is always bound. */
export function isAttributeName(name: string): boolean {
  return ncName.test(name) || name === 'xml:lang' || name === 'xml:space';
}

// Namespaces in XML §3: neither may be declared as the default namespace.
const reserved = new Set(['http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/']);

/**
 * May it be declared? RFC 3986 has no white space and no control characters. COMPAT(ejabberd 24.12): a line feed, which
 * separates a namespace from a name inside of its parser, ends the stream.
 */
export function isNamespace(value: string): boolean {
  return !reserved.has(value) && !/[\s\p{Cc}]/u.test(value);
}

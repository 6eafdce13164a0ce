/** The names that XML 1.0 §2.3 and Namespaces in XML allow, without prefixes: an unbound one would end the stream. */

const start = 'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D';
const ncName = new RegExp(`^[${start}][${start}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*$`);
const common = /^[a-z][a-z-]*$/;

export function isElementName(name: string): boolean {
  return common.test(name) || ncName.test(name);
}

/** An attribute may also be one of the `xml:` ones, whose prefix is always bound. */
export function isAttributeName(name: string): boolean {
  return common.test(name) || name === 'xml:lang' || name === 'xml:space' || ncName.test(name);
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

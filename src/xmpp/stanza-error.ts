/** Stanza errors, RFC 6120 §8.3: reading one into a StanzaError, and answering a stanza with one. */
import { type Condition, type ErrorDetails, type ErrorType, isCondition, StanzaError } from '../protocol/errors.ts';
import { ns } from './namespaces.ts';
import { childText, type Element, el, elements, find, nameOf, namespaceOf, textOf } from './stanza.ts';
import { fromTree, tryTree } from './tree.ts';

const types = new Set<string>(['auth', 'cancel', 'continue', 'modify', 'wait'] satisfies ErrorType[]);

function isErrorType(type: string | undefined): type is ErrorType {
  return type !== undefined && types.has(type);
}

export function isError(stanza: Element): boolean {
  return stanza.attrs.type === 'error';
}

/** The child element that names the condition, defined or not. */
function conditionIn(error: Element | undefined): Element | undefined {
  return error && elements(error).find((child) => namespaceOf(child) === ns.stanzaErrors && nameOf(child) !== 'text');
}

/** The condition of a stanza of type error, as it stands there; '' without one. */
export function conditionOf(stanza: Element): string {
  const condition = conditionIn(find(stanza, 'error', ''));
  return condition ? nameOf(condition) : '';
}

/** What a stanza of type error says; without a defined condition it is `undefined-condition`. `by` is its sender. */
export function readError(stanza: Element): StanzaError {
  const error = find(stanza, 'error', '');
  const condition = conditionIn(error);
  const name = condition ? nameOf(condition) : '';
  const code: Condition = isCondition(name) ? name : 'undefined-condition';
  const details: ErrorDetails = {};
  if (stanza.attrs.from) details.by = stanza.attrs.from;
  if (isErrorType(error?.attrs.type)) details.type = error.attrs.type;
  const uri = condition && (code === 'gone' || code === 'redirect') ? textOf(condition).trim() : '';
  if (uri) details.uri = uri;
  // RFC 6120 §8.3.4: the application-specific condition is in a namespace of its own
  const app = error && elements(error).find((child) => !['', ns.stanzaErrors].includes(namespaceOf(child)));
  const tree = app && tryTree(app);
  if (tree) details.app = tree;
  const text = error && childText(error, 'text', ns.stanzaErrors)?.trim();
  return new StanzaError(code, text || `The answer was ${code}`, details);
}

/** The gateway's own codes in XMPP's words. */
const conditionFor: Record<string, Condition> = {
  'unknown-type': 'feature-not-implemented',
  'too-large': 'policy-violation',
  'not-connected': 'recipient-unavailable',
  'token-invalid': 'not-authorized',
  'token-expired': 'not-authorized',
  'rate-limited': 'resource-constraint',
  'link-down': 'remote-server-timeout',
  unconfirmed: 'remote-server-timeout',
  timeout: 'remote-server-timeout',
};

/** The answer to a message, presence or IQ that failed: addresses swapped, same id, without what it carried. */
export function errorReply(stanza: Element, error: StanzaError): Element {
  const { id, from, to } = stanza.attrs;
  const condition: Condition = isCondition(error.code)
    ? error.code
    : (conditionFor[error.code] ?? 'undefined-condition');
  return el(
    stanza.name,
    { type: 'error', id, from: to, to: from },
    el(
      'error',
      { type: error.type },
      el(condition, { xmlns: ns.stanzaErrors }, error.details.uri),
      error.message ? el('text', { xmlns: ns.stanzaErrors, 'xml:lang': 'en' }, error.message) : undefined,
      error.details.app && fromTree(error.details.app),
    ),
  );
}

/**
 * RFC 6120 §8, the escape hatch for everything else: `stanza.send`, and `extra` in messages and presence (scope `raw`).
 *   {"xml":"<message to='bob@example.com'><odd xmlns='urn:example:odd'/></message>"}
 *   → <message to="bob@example.com"><odd xmlns="urn:example:odd"/></message>
 */
import { extension, rfc, type Session } from '../extension.ts';
import { badRequest, type ElementTree, StanzaError } from '../protocol/errors.ts';
import { blockedError } from '../xmpp/blocking.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { stanzaFromClient, writeExtra } from '../xmpp/raw.ts';
import { parseXml } from '../xmpp/raw-xml.ts';
import { type Element, find } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { mustBeAttended } from './attended.ts';
import { show } from './availability.ts';

/** Presence that a client makes itself; the other types are the roster's (RFC 6121 §3, §4.3), which the gateway keeps. */
const presenceTypes: readonly (string | undefined)[] = [undefined, 'unavailable', 'error'];

/** The stanza, with the account's address as its sender. @throws StanzaError */
function stanzaOf({ account }: Session, stanza: ElementTree, field: string): { stanza: Element; to: Jid } {
  const made = stanzaFromClient(stanza, field);
  const { from, to } = made.attrs;
  const names = field === 'xml' ? field : `${field}.attrs`;
  const sender = from === undefined ? undefined : tryParse(from)?.full;
  if (from !== undefined && sender !== account.jid.bare && sender !== account.client.full) {
    throw new StanzaError('forbidden', 'The from is not this account', { field: `${names}.from` });
  }
  if (to === undefined) throw badRequest(`${names}.to`, 'a stanza needs a to');
  made.attrs.from = account.client.full;
  const target = address(to, `${names}.to`);
  made.attrs.to = target.full;
  return { stanza: made, to: target };
}

/** Sends it, or says why not. */
function send({ account, gateway }: Session, stanza: Element, to: Jid): undefined {
  if (account.blocked.has(to)) throw blockedError();
  const isPresence = stanza.name === 'presence';
  if (isPresence) mustBeAttended(account);
  if (isPresence) checkPresence(stanza, gateway.serving(account, to) !== undefined);
  const sent = isPresence && stanza.attrs.type !== 'error' ? show(account, to.full, stanza) : gateway.send(stanza);
  if (!sent) throw new StanzaError('link-down', 'The XMPP server cannot be reached now');
  if (!isPresence && stanza.attrs.type !== 'error') account.wrote(to.bare);
  return undefined;
}

/** @throws StanzaError forbidden: what the gateway does itself, and has to know of */
function checkPresence(stanza: Element, toRoom: boolean): void {
  const { type } = stanza.attrs;
  if (!presenceTypes.includes(type)) {
    throw new StanzaError('forbidden', `presence of type ${type?.slice(0, 64)} is for contact.*`);
  }
  if (toRoom || find(stanza, 'x', ns.muc)) throw new StanzaError('forbidden', 'presence in rooms is for room.*');
}

export default extension({
  spec: rfc(6120, '8'),
  message: {
    extra: {
      elements: [],
      read: () => undefined,
      write: (stanza, trees) => writeExtra(stanza, trees as ElementTree[]),
    },
  },
  requests: {
    'stanza.send': (session, { stanza, xml }) => {
      if ((stanza === undefined) === (xml === undefined)) {
        throw badRequest(stanza ? 'xml' : 'stanza', 'stanza.send takes either stanza or xml');
      }
      const field = stanza ? 'stanza' : 'xml';
      const tree = (stanza as ElementTree | undefined) ?? parseXml(xml ?? '', 'xml', session.gateway.limits.stanza);
      const made = stanzaOf(session, tree, field);
      return send(session, made.stanza, made.to);
    },
  },
});

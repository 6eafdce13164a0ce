/** XML namespaces, each with the document that defines it. */
export const ns = {
  /** XEP-0114: the stream's default namespace; what `jabber:client` is to a client. */
  component: 'jabber:component:accept',
  client: 'jabber:client',
  stream: 'http://etherx.jabber.org/streams',
  /** RFC 6120 §4.9.3 and §8.3.3 */
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams',
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  /** RFC 6121 §2 */
  roster: 'jabber:iq:roster',
  /** XEP-0004 */
  dataForms: 'jabber:x:data',
  /** XEP-0030 */
  discoInfo: 'http://jabber.org/protocol/disco#info',
  discoItems: 'http://jabber.org/protocol/disco#items',
  /** XEP-0045 */
  muc: 'http://jabber.org/protocol/muc',
  mucUser: 'http://jabber.org/protocol/muc#user',
  stableId: 'http://jabber.org/protocol/muc#stable_id',
  mucAdmin: 'http://jabber.org/protocol/muc#admin',
  mucOwner: 'http://jabber.org/protocol/muc#owner',
  /** XEP-0059 */
  rsm: 'http://jabber.org/protocol/rsm',
  /** XEP-0077 */
  register: 'jabber:iq:register',
  /** XEP-0085 */
  chatStates: 'http://jabber.org/protocol/chatstates',
  /** XEP-0092 */
  version: 'jabber:iq:version',
  /** XEP-0115 */
  caps: 'http://jabber.org/protocol/caps',
  /** XEP-0172 */
  nick: 'http://jabber.org/protocol/nick',
  /** XEP-0184 */
  receipts: 'urn:xmpp:receipts',
  /** XEP-0199 */
  ping: 'urn:xmpp:ping',
  /** XEP-0203 */
  delay: 'urn:xmpp:delay',
  /** XEP-0249 */
  directInvitations: 'jabber:x:conference',
  /** XEP-0280 */
  carbons: 'urn:xmpp:carbons:2',
  /** XEP-0297 */
  forward: 'urn:xmpp:forward:0',
  /** XEP-0308 */
  correction: 'urn:xmpp:message-correct:0',
  /** XEP-0313 */
  mam: 'urn:xmpp:mam:2',
  /** XEP-0333 */
  markers: 'urn:xmpp:chat-markers:0',
  /** XEP-0334 */
  hints: 'urn:xmpp:hints',
  /** XEP-0319 */
  idle: 'urn:xmpp:idle:1',
  /** XEP-0355 and XEP-0356: every version starts so */
  delegation: 'urn:xmpp:delegation:',
  privilege: 'urn:xmpp:privilege:',
  /** XEP-0359 */
  stanzaIds: 'urn:xmpp:sid:0',
  /** XEP-0372 */
  references: 'urn:xmpp:reference:0',
  /** XEP-0421 */
  occupantId: 'urn:xmpp:occupant-id:0',
  /** XEP-0422 */
  fasten: 'urn:xmpp:fasten:0',
  /** XEP-0424, now and before version 0.4 */
  retraction: 'urn:xmpp:message-retract:1',
  retractionOlder: 'urn:xmpp:message-retract:0',
  /** XEP-0433 */
  channelSearch: 'urn:xmpp:channel-search:0:search',
  channelSearchParams: 'urn:xmpp:channel-search:0:search-params',
  channelSearchOrder: 'urn:xmpp:channel-search:0:order',
  /** XEP-0425 */
  moderation: 'urn:xmpp:message-moderate:1',
  /** XEP-0431 */
  fullText: 'urn:xmpp:fulltext:0',
  /** XEP-0444 */
  reactions: 'urn:xmpp:reactions:0',
} as const;

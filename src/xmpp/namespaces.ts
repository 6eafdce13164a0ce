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
  /** XEP-0012 */
  last: 'jabber:iq:last',
  /** XEP-0045 */
  muc: 'http://jabber.org/protocol/muc',
  mucUser: 'http://jabber.org/protocol/muc#user',
  stableId: 'http://jabber.org/protocol/muc#stable_id',
  mucAdmin: 'http://jabber.org/protocol/muc#admin',
  mucOwner: 'http://jabber.org/protocol/muc#owner',
  /** XEP-0050 */
  commands: 'http://jabber.org/protocol/commands',
  /** XEP-0054 */
  vcard: 'vcard-temp',
  /** XEP-0059 */
  rsm: 'http://jabber.org/protocol/rsm',
  /** XEP-0060 */
  pubsub: 'http://jabber.org/protocol/pubsub',
  pubsubEvent: 'http://jabber.org/protocol/pubsub#event',
  pubsubOwner: 'http://jabber.org/protocol/pubsub#owner',
  pubsubNodeConfig: 'http://jabber.org/protocol/pubsub#node_config',
  pubsubPublishOptions: 'http://jabber.org/protocol/pubsub#publish-options',
  pubsubSubscribeOptions: 'http://jabber.org/protocol/pubsub#subscribe_options',
  /** XEP-0066 */
  oob: 'jabber:x:oob',
  /** XEP-0071 */
  xhtmlIm: 'http://jabber.org/protocol/xhtml-im',
  xhtml: 'http://www.w3.org/1999/xhtml',
  /** XEP-0077 */
  register: 'jabber:iq:register',
  /** XEP-0084 */
  avatarData: 'urn:xmpp:avatar:data',
  avatarMetadata: 'urn:xmpp:avatar:metadata',
  /** XEP-0085 */
  chatStates: 'http://jabber.org/protocol/chatstates',
  /** XEP-0092 */
  version: 'jabber:iq:version',
  /** XEP-0115 */
  caps: 'http://jabber.org/protocol/caps',
  /** XEP-0153 */
  vcardUpdate: 'vcard-temp:x:update',
  /** XEP-0172 */
  nick: 'http://jabber.org/protocol/nick',
  /** XEP-0184 */
  receipts: 'urn:xmpp:receipts',
  /** XEP-0191 */
  blockingErrors: 'urn:xmpp:blocking:errors',
  /** XEP-0199 */
  ping: 'urn:xmpp:ping',
  /** XEP-0203 */
  delay: 'urn:xmpp:delay',
  /** XEP-0202 */
  time: 'urn:xmpp:time',
  /** XEP-0103 */
  urlData: 'http://jabber.org/protocol/url-data',
  /** XEP-0224 */
  attention: 'urn:xmpp:attention:0',
  /** XEP-0249 */
  directInvitations: 'jabber:x:conference',
  /** XEP-0280 */
  carbons: 'urn:xmpp:carbons:2',
  /** XEP-0292: the node, and RFC 6351's elements */
  vcard4Node: 'urn:xmpp:vcard4',
  vcard4: 'urn:ietf:params:xml:ns:vcard-4.0',
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
  /** XEP-0335 */
  json: 'urn:xmpp:json:0',
  /** XEP-0355 and XEP-0356: every version starts so */
  delegation: 'urn:xmpp:delegation:',
  privilege: 'urn:xmpp:privilege:',
  /** XEP-0359 */
  stanzaIds: 'urn:xmpp:sid:0',
  /** XEP-0363 */
  upload: 'urn:xmpp:http:upload:0',
  /** XEP-0264 */
  thumbs: 'urn:xmpp:thumbs:1',
  /** XEP-0300 */
  hashes: 'urn:xmpp:hashes:2',
  /** XEP-0367 */
  attaching: 'urn:xmpp:message-attaching:1',
  /** XEP-0372 */
  references: 'urn:xmpp:reference:0',
  /** XEP-0377 */
  reporting: 'urn:xmpp:reporting:1',
  jid: 'urn:xmpp:jid:0',
  /** XEP-0398 */
  avatarConversion: 'urn:xmpp:pep-vcard-conversion:0',
  /** XEP-0380 */
  encryption: 'urn:xmpp:eme:0',
  /** XEP-0382 */
  spoiler: 'urn:xmpp:spoiler:0',
  /** XEP-0384, as most speak it, and as it is now */
  omemoOlder: 'eu.siacs.conversations.axolotl',
  omemo: 'urn:xmpp:omemo:2',
  /** XEP-0393 */
  styling: 'urn:xmpp:styling:0',
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
  /** XEP-0425, now and before version 0.3 */
  moderation: 'urn:xmpp:message-moderate:1',
  moderationOlder: 'urn:xmpp:message-moderate:0',
  /** XEP-0431 */
  fullText: 'urn:xmpp:fulltext:0',
  /** XEP-0428, now and before version 0.2 */
  fallback: 'urn:xmpp:fallback:0',
  fallbackOlder: 'urn:xmpp:feature-fallback:0',
  /** XEP-0432 */
  jsonMessage: 'urn:xmpp:json-msg:0',
  /** XEP-0446, XEP-0447, XEP-0448 */
  fileMetadata: 'urn:xmpp:file:metadata:0',
  fileSharing: 'urn:xmpp:sfs:0',
  encryptedSharing: 'urn:xmpp:esfs:0',
  /** XEP-0461 */
  reply: 'urn:xmpp:reply:0',
  /** XEP-0444 */
  reactions: 'urn:xmpp:reactions:0',
} as const;

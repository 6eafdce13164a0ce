/** The IQs of a scripted room: discovery, pings, the archive, and what admins and owners ask for (XEP-0045 §9, §10). */
import { ns } from '../../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find, nameOf } from '../../../src/xmpp/stanza.ts';
import type { RoomConfig, RoomOwner, ScriptedOccupant } from './config.ts';
import { moderate } from './moderation.ts';
import { type Affiliation, bareOf, errorTo, form, type Role, resourceOf, resultTo, valuesOf } from './parts.ts';
import type { ScriptedRoom } from './room.ts';

const roomConfig = 'http://jabber.org/protocol/muc#roomconfig';
const roomInfo = 'http://jabber.org/protocol/muc#roominfo';

type Answer = (room: ScriptedRoom, iq: Element, query: Element, owner: RoomOwner) => Element | undefined;

const answers: Record<string, Answer> = {
  [ns.discoInfo]: (room, iq) => resultTo(iq, infoOf(room)),
  [ns.discoItems]: (_room, iq) => resultTo(iq, el('query', { xmlns: ns.discoItems })),
  [ns.ping]: ping,
  [ns.mam]: archive,
  [ns.mucAdmin]: admin,
  [ns.mucOwner]: own,
  [ns.register]: register,
  [ns.moderation]: moderate,
  [ns.fasten]: moderate,
};

/** An IQ request to a room or to an occupant; answers what it gets at once. */
export function takeQuery(room: ScriptedRoom, iq: Element, owner: RoomOwner): Element | undefined {
  const payload = elements(iq)[0];
  const nick = resourceOf(iq.attrs.to);
  const answer = payload && answers[payload.attrs.xmlns ?? ''];
  if (!payload || !answer) return errorTo(iq, 'cancel', 'service-unavailable');
  if (nick === '' || nameOf(payload) === 'ping') return answer(room, iq, payload, owner);
  if (!room.occupants.has(nick)) return errorTo(iq, 'cancel', 'item-not-found');
  room.pass(room.occupantWith(iq.attrs.from ?? '')?.nick ?? '', nick, iq);
  return undefined;
}

/** XEP-0410: the room answers for an occupant that asks for itself. */
function ping(room: ScriptedRoom, iq: Element): Element | undefined {
  const own = room.occupantWith(iq.attrs.from ?? '');
  if (!own) return errorTo(iq, 'cancel', 'not-acceptable');
  const nick = resourceOf(iq.attrs.to);
  if (!room.occupants.has(nick)) return errorTo(iq, 'cancel', 'item-not-found');
  return nick === own.nick ? resultTo(iq) : errorTo(iq, 'cancel', 'service-unavailable');
}

function archive(room: ScriptedRoom, iq: Element, query: Element, owner: RoomOwner): Element | undefined {
  const affiliation = room.affiliationOf(iq.attrs.from ?? '');
  const closed = affiliation === 'outcast' || (room.config.membersOnly && affiliation === 'none');
  if (closed) return errorTo(iq, 'auth', 'forbidden');
  if (!room.config.archive) return errorTo(iq, 'cancel', 'service-unavailable');
  const refused = room.archive.answer(iq, query, (stanza) => owner.send(stanza));
  return refused && errorTo(iq, 'modify', refused);
}

function admin(room: ScriptedRoom, iq: Element, query: Element): Element | undefined {
  const own = room.occupantWith(iq.attrs.from ?? '');
  const mayAsk = own?.role === 'moderator' || ['owner', 'admin'].includes(room.affiliationOf(iq.attrs.from ?? ''));
  if (!mayAsk) return errorTo(iq, 'auth', 'forbidden');
  const items = elements(query).filter((child) => nameOf(child) === 'item');
  if (iq.attrs.type === 'get') {
    const { affiliation, role } = items[0]?.attrs ?? {};
    const listed = affiliation === undefined ? withRole(room, role) : withAffiliation(room, affiliation);
    return resultTo(iq, el('query', { xmlns: ns.mucAdmin }, ...listed));
  }
  if (items.some((item) => !isKnown(room, item))) return errorTo(iq, 'cancel', 'item-not-found');
  for (const item of items) change(room, item, own);
  return resultTo(iq);
}

function isKnown(room: ScriptedRoom, { attrs }: Element): boolean {
  return attrs.jid !== undefined || room.occupants.has(attrs.nick ?? '');
}

function change(room: ScriptedRoom, item: Element, own: ScriptedOccupant | undefined): void {
  const { nick = '', jid, role, affiliation } = item.attrs;
  const reason = childText(item, 'reason', ns.mucAdmin);
  const by = { ...(own ? { actor: own.nick } : {}), ...(reason === undefined ? {} : { reason }) };
  if (affiliation !== undefined)
    room.affiliate(jid ?? room.occupants.get(nick)?.jid ?? '', affiliation as Affiliation, by);
  else room.setRole(nick, role as Role, by);
}

function withAffiliation(room: ScriptedRoom, affiliation: string): Element[] {
  const jids = [...room.affiliations].filter(([, has]) => has === affiliation).map(([jid]) => jid);
  return jids.map((jid) => el('item', { affiliation, jid }));
}

function withRole(room: ScriptedRoom, role: string | undefined): Element[] {
  const occupants = [...room.occupants.values()].filter((one) => one.role === role);
  return occupants.map(({ nick, jid }) => el('item', { nick, role, jid, affiliation: room.affiliationOf(jid) }));
}

function own(room: ScriptedRoom, iq: Element, query: Element): Element | undefined {
  if (room.affiliationOf(iq.attrs.from ?? '') !== 'owner') return errorTo(iq, 'auth', 'forbidden');
  const destroy = find(query, 'destroy', ns.mucOwner);
  if (destroy) {
    const reason = childText(destroy, 'reason', ns.mucOwner);
    const venue = destroy.attrs.jid;
    room.destroy({ ...(reason === undefined ? {} : { reason }), ...(venue === undefined ? {} : { venue }) });
    return resultTo(iq);
  }
  if (iq.attrs.type === 'get') {
    return resultTo(iq, el('query', { xmlns: ns.mucOwner }, form('form', roomConfig, formOf(room.config))));
  }
  const submitted = find(query, 'x', ns.dataForms);
  if (submitted?.attrs.type === 'cancel') {
    if (room.locked) room.destroy();
    return resultTo(iq);
  }
  room.locked = false;
  const values = valuesOf(submitted);
  configure(room.config, values);
  if (values.size > 0) room.announce(104);
  return resultTo(iq);
}

const yes = (value: boolean): string => (value ? '1' : '0');

function formOf(config: RoomConfig): Record<string, string> {
  return {
    'muc#roomconfig_roomname': config.name ?? '',
    'muc#roomconfig_roomdesc': config.description ?? '',
    'muc#roomconfig_persistentroom': yes(config.persistent),
    'muc#roomconfig_publicroom': yes(config.public),
    'muc#roomconfig_membersonly': yes(config.membersOnly),
    'muc#roomconfig_moderatedroom': yes(config.moderated),
    'muc#roomconfig_changesubject': yes(config.changeSubject),
    'muc#roomconfig_whois': config.nonAnonymous ? 'anyone' : 'moderators',
    'muc#roomconfig_passwordprotectedroom': yes(config.password !== undefined),
    'muc#roomconfig_roomsecret': config.password ?? '',
    'muc#roomconfig_enablearchiving': yes(config.archive),
  };
}

function configure(config: RoomConfig, values: Map<string, string>): void {
  const given = (name: string): string | undefined => values.get(`muc#roomconfig_${name}`);
  const flag = (name: string, otherwise: boolean): boolean => ['1', 'true'].includes(given(name) ?? yes(otherwise));
  config.persistent = flag('persistentroom', config.persistent);
  config.public = flag('publicroom', config.public);
  config.membersOnly = flag('membersonly', config.membersOnly);
  config.moderated = flag('moderatedroom', config.moderated);
  config.changeSubject = flag('changesubject', config.changeSubject);
  config.archive = flag('enablearchiving', config.archive);
  config.nonAnonymous = (given('whois') ?? (config.nonAnonymous ? 'anyone' : 'moderators')) === 'anyone';
  config.name = given('roomname') ?? config.name ?? '';
  config.description = given('roomdesc') ?? config.description ?? '';
  const secret = given('roomsecret') ?? config.password ?? '';
  if (secret !== '' && flag('passwordprotectedroom', true)) config.password = secret;
  else delete config.password;
}

function infoOf(room: ScriptedRoom): Element {
  const { config, occupants } = room;
  const features = [
    ns.muc,
    ns.register,
    config.persistent ? 'muc_persistent' : 'muc_temporary',
    config.public ? 'muc_public' : 'muc_hidden',
    config.membersOnly ? 'muc_membersonly' : 'muc_open',
    config.moderated ? 'muc_moderated' : 'muc_unmoderated',
    config.nonAnonymous ? 'muc_nonanonymous' : 'muc_semianonymous',
    config.password === undefined ? 'muc_unsecured' : 'muc_passwordprotected',
    ...(config.archive ? [ns.mam] : []),
    ...(config.stanzaIds ? [ns.stanzaIds] : []),
    ...config.moderation,
    ...(config.occupantIds ? [ns.occupantId] : []),
    ...(config.stableId ? ['http://jabber.org/protocol/muc#stable_id'] : []),
  ];
  const values = {
    'muc#roominfo_description': config.description ?? '',
    'muc#roominfo_occupants': String(occupants.size),
    'muc#roomconfig_changesubject': yes(config.changeSubject),
  };
  return el(
    'query',
    { xmlns: ns.discoInfo },
    el('identity', { category: 'conference', type: 'text', name: config.name }),
    ...features.map((feature) => el('feature', { var: feature })),
    form('result', roomInfo, values),
  );
}

/** XEP-0045 §7.10: a nick is registered by form; who registers becomes a member. */
function register(room: ScriptedRoom, iq: Element, query: Element): Element | undefined {
  const jid = bareOf(iq.attrs.from);
  if (iq.attrs.type === 'get') {
    const asked = form('form', 'http://jabber.org/protocol/muc#register', { 'muc#register_roomnick': '' });
    return resultTo(iq, el('query', { xmlns: ns.register }, asked));
  }
  if (valuesOf(find(query, 'x', ns.dataForms)).get('muc#register_roomnick') === undefined) {
    return errorTo(iq, 'modify', 'bad-request');
  }
  if (room.affiliationOf(jid) === 'none') room.affiliate(jid, 'member');
  return resultTo(iq);
}

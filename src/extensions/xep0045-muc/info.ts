/**
 * What disco#info says of a room (XEP-0045 §6.4, §15.5), as the `room` object of PROTOCOL.md §9 shows it.
 *   <feature var="muc_membersonly"/> → {"membersOnly":true}
 */
import type { DiscoInfo } from '../../protocol/discovery.ts';
import type { Room } from '../../protocol/rooms.ts';
import { ns } from '../../xmpp/namespaces.ts';

/** The features that clients need to know, by the names they have in JSON. */
const friendly: readonly (readonly [feature: string, name: string])[] = [
  [ns.mam, 'mam'],
  ['urn:xmpp:message-moderate:1', 'moderation'],
  ['urn:xmpp:message-moderate:0', 'moderation'],
  [ns.occupantId, 'occupantId'],
  [ns.stanzaIds, 'stanzaId'],
  ['http://jabber.org/protocol/muc#stable_id', 'stableId'],
  ['http://jabber.org/protocol/muc#request', 'voice'],
  ['jabber:iq:register', 'register'],
];

/** The part of a `room` object that is the same for everybody. */
export function describeInfo(info: DiscoInfo | undefined): Omit<Partial<Room>, 'features'> & Pick<Room, 'features'> {
  if (!info) return { features: [] };
  const has = (feature: string) => info.features.includes(feature);
  const name = info.identities.find(({ category }) => category === 'conference')?.name;
  const fields = info.forms?.flatMap((form) => form.fields) ?? [];
  const description = fields.find((field) => field.var === 'muc#roominfo_description')?.values[0];
  const anonymous = has('muc_nonanonymous') ? 'non' : has('muc_semianonymous') ? 'semi' : undefined;
  const flag = (yes: string, no: string) => (has(yes) ? true : has(no) ? false : undefined);
  const flags = {
    membersOnly: flag('muc_membersonly', 'muc_open'),
    moderated: flag('muc_moderated', 'muc_unmoderated'),
    persistent: flag('muc_persistent', 'muc_temporary'),
    public: flag('muc_public', 'muc_hidden'),
    passwordProtected: flag('muc_passwordprotected', 'muc_unsecured'),
  };
  return {
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    ...(anonymous ? { anonymous } : {}),
    features: [...new Set(friendly.filter(([feature]) => has(feature)).map(([, short]) => short))],
  };
}

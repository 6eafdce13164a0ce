/** The classes of the service level indicator: what a request counts as. */

const requestClasses: Record<string, 'send' | 'action' | 'history' | 'presence' | 'contact' | 'iq'> = {
  'message.send': 'send',
  'message.mark': 'action',
  'message.edit': 'action',
  'message.retract': 'action',
  'message.moderate': 'action',
  'message.react': 'action',
  'typing.send': 'action',
  'history.get': 'history',
  'chat.list': 'history',
  'presence.set': 'presence',
  'presence.send': 'presence',
  'contact.list': 'contact',
  'contact.add': 'contact',
  'contact.set': 'contact',
  'contact.approve': 'contact',
  'contact.deny': 'contact',
  'contact.remove': 'contact',
  'iq.send': 'iq',
  'iq.reply': 'iq',
  'stanza.send': 'iq',
};

export function classOf(type: string): (typeof requestClasses)[string] | 'room' | 'other' {
  return requestClasses[type] ?? (type.startsWith('room.') ? 'room' : 'other');
}

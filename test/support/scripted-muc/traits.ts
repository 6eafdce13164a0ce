/** In what the room services of the servers differ, as it was seen on the real ones. */
export interface Traits {
  /** A room that a join created is closed to others until its owner has submitted the form. */
  readonly locks: boolean;
  /** The room speaks also from its bare JID: a presence with caps at a join, an unavailable one at the end. */
  readonly barePresence: boolean;
  /** Who answers the room with an error is out with 333; with nothing but the presence otherwise. */
  readonly errorCode: boolean;
  /** With a nick change the presence itself stays what it was. */
  readonly renamesOnly: boolean;
  /** The last presence of a destroyed room has 110, and what else a presence has. */
  readonly destroyedSelf: boolean;
  /** Presences without an occupant-id: one's own of a nick change, or of all who do not leave by themselves. */
  readonly unmarked: 'own-rename' | 'out';
  /** What `after` or `before` an id gives that is not in the archive. */
  readonly unknownCursor: 'item-not-found' | 'nothing' | 'everything';
  readonly counts: boolean;
  /** Also changes of the subject are archived, and have a stanza-id. */
  readonly archivesSubjects: boolean;
  /** A refusal for want of room. */
  readonly full: readonly [type: string, condition: string];
  readonly occupantIds: boolean;
  readonly stableId: boolean;
  /** Whether rooms are public, and who may change the subject, before anybody configures them. */
  readonly open: boolean;
  /** Pages of disco#items. */
  readonly pages: boolean;
}

const prosody13: Traits = {
  locks: true,
  barePresence: false,
  errorCode: true,
  renamesOnly: false,
  destroyedSelf: true,
  unmarked: 'own-rename',
  unknownCursor: 'nothing',
  counts: false,
  archivesSubjects: false,
  full: ['wait', 'service-unavailable'],
  occupantIds: true,
  stableId: true,
  open: false,
  pages: false,
};

const ejabberd23: Traits = {
  locks: false,
  barePresence: true,
  errorCode: false,
  renamesOnly: true,
  destroyedSelf: false,
  unmarked: 'out',
  unknownCursor: 'everything',
  counts: true,
  archivesSubjects: true,
  full: ['wait', 'resource-constraint'],
  occupantIds: false,
  stableId: false,
  open: true,
  pages: true,
};

export const traitsOf = {
  'prosody-13': prosody13,
  'prosody-0.12': { ...prosody13, unknownCursor: 'item-not-found', counts: true },
  'ejabberd-23.01': ejabberd23,
  'ejabberd-24.12': { ...ejabberd23, occupantIds: true },
} satisfies Record<string, Traits>;

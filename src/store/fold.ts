/**
 * The folded view (PROTOCOL.md §10): a message in its last version, with what became of it. What actions did to a message
 * is kept beside it as its state, so that reading costs the same however much happened.
 */
import type { ItemData, ItemType } from './archive.ts';

/** What became of a message. Absent: nothing. */
export interface FoldState {
  /** Number of the newest edit, and of the one before it. */
  readonly edit?: number;
  readonly before?: number;
  readonly retracted?: ItemData;
  /** By author: the newest set, which may be empty, its time, and whose it is shown to be where that is somebody in a room. */
  readonly reactions?: Readonly<
    Record<string, { readonly time: string; readonly set: readonly unknown[]; readonly as?: string }>
  >;
  readonly delivered?: true;
  /** The error of the bounce. */
  readonly failed?: unknown;
}

/** Something that happened to a message. */
export interface Action {
  readonly type: Exclude<ItemType, 'message'>;
  readonly number: number;
  readonly author: string;
  readonly data: ItemData;
  /** Number of what it names, where that is an edit of the message. */
  readonly edit?: number;
}

/** The state after an action; the same object when it changes nothing. */
export function fold(state: FoldState, message: { author: string; outgoing: boolean }, action: Action): FoldState {
  const { type, author, data } = action;
  switch (type) {
    case 'message.edited':
      // XEP-0308 §5: a correction counts only if it comes from the author.
      return author === message.author && !state.retracted ? edited(state, action.number) : state;
    case 'message.retracted':
      return state.retracted ? state : { ...state, retracted: pick(data, ['time', 'moderatedBy', 'reason']) };
    case 'message.failed':
      if (!message.outgoing) return state;
      return action.edit === undefined ? { ...state, failed: data.error } : unedited(state, action.edit);
    case 'receipt':
      return message.outgoing && data.status === 'delivered' ? { ...state, delivered: true } : state;
    case 'reaction':
      return { ...state, reactions: react(state.reactions, author, data) };
  }
}

function edited(state: FoldState, edit: number): FoldState {
  const { edit: before, before: _, ...rest } = state;
  return { ...rest, edit, ...(before === undefined ? {} : { before }) };
}

/** An edit did not arrive: the version before it counts. */
function unedited(state: FoldState, failed: number): FoldState {
  if (state.edit !== failed) return state;
  const { edit: _, before: edit, ...rest } = state;
  return edit === undefined ? rest : { ...rest, edit };
}

type Reactions = NonNullable<FoldState['reactions']>;

/** XEP-0444 §4.1: a set of reactions that was delayed does not replace a newer one. */
export function isOverdue({ reactions }: FoldState, author: string, data: ItemData): boolean {
  const known = reactions?.[author];
  return known !== undefined && known.time > timeIn(data);
}

function timeIn({ time }: ItemData): string {
  return typeof time === 'string' ? time : '';
}

function react(reactions: Reactions = {}, author: string, data: ItemData): Reactions {
  const set = Array.isArray(data.reactions) ? data.reactions : [];
  // In a private chat of a room the author is an occupant-id, or one holder of a nick.
  const as = author.includes('/') && typeof data.from === 'string' ? { as: data.from } : {};
  return { ...reactions, [author]: { time: timeIn(data), set, ...as } };
}

/** What a message stays, whatever becomes of its content. */
const identity = [
  'id',
  'chat',
  'type',
  'from',
  'to',
  'outgoing',
  'time',
  'delay',
  'occupantId',
  'originId',
  'stanzaIds',
  'archiveId',
];

export interface Foldable {
  readonly data: ItemData;
  readonly state: FoldState;
  /** The data of the newest edit. */
  readonly edit?: ItemData;
  readonly outgoing: boolean;
  /** The peer has displayed it. */
  readonly displayed: boolean;
}

/** The message in its last version. */
export function foldedData({ data, state, edit, outgoing, displayed }: Foldable): ItemData {
  return {
    ...content(data, state, edit),
    ...(state.reactions && !state.retracted ? shownReactions(state.reactions) : {}),
    ...(outgoing ? status(state, displayed) : {}),
  };
}

function content(data: ItemData, { retracted }: FoldState, edit?: ItemData): ItemData {
  if (retracted) return { ...pick(data, identity), retracted };
  if (!edit) return data;
  const { replace: _, ...replaced } = edit;
  for (const key of identity) delete replaced[key];
  return { ...pick(data, identity), ...replaced, edited: pick(edit, ['time']) };
}

function shownReactions(reactions: Reactions): ItemData {
  const sets = Object.entries(reactions).filter(([, { set }]) => set.length > 0);
  return sets.length > 0
    ? { reactions: Object.fromEntries(sets.map(([author, { set, as }]) => [as ?? author, set])) }
    : {};
}

function status({ failed, delivered }: FoldState, displayed: boolean): ItemData {
  if (failed !== undefined) return { status: 'failed', error: failed };
  if (displayed) return { status: 'displayed' };
  return { status: delivered ? 'delivered' : 'sent' };
}

function pick(data: ItemData, keys: readonly string[]): ItemData {
  return Object.fromEntries(keys.filter((key) => data[key] !== undefined).map((key) => [key, data[key]]));
}

/** The messages of one chat as a list, oldest first, and what happens to them. Lists are never changed, only replaced. */
import type { EventData } from '../../protocol/frames.ts';
import type { Delivery } from '../types.ts';
import type { ShownMessage } from './snapshot.ts';

type Timeline = readonly ShownMessage[];

/** The oldest go when there are more; they can be loaded again. */
const maxShown = 5000;

/** With that message in it: in the place of the one with its id, or by its time. */
export function withMessage(all: Timeline, message: ShownMessage): Timeline {
  const known = find(all, message.originId) ?? find(all, message.id);
  // An event never tells the rung, and the answer to a request never tells the content.
  const next = known ? { ...known, ...message } : message;
  const others = known ? all.filter((one) => one !== known) : all;
  const at = others.findLastIndex(({ time }) => time <= next.time) + 1;
  return [...others.slice(0, at), next, ...others.slice(at)].slice(-maxShown);
}

/** With what `change` makes of the message of that id; the same list where there is none. */
export function changed(all: Timeline, id: string, change: (message: ShownMessage) => ShownMessage): Timeline {
  const known = find(all, id);
  return known ? all.map((one) => (one === known ? change(one) : one)) : all;
}

export function edited(all: Timeline, edit: EventData<'message.edited'>): Timeline {
  return changed(all, edit.replace, (message) =>
    message.retracted
      ? message
      : { ...edit, ...pick(message, [...identity, 'reactions']), edited: { time: edit.time } },
  );
}

export function retracted(all: Timeline, { id, time, reason }: EventData<'message.retracted'>): Timeline {
  const why = reason === undefined ? { time } : { time, reason };
  return changed(all, id, (message) => ({ ...pick(message, identity), retracted: why }));
}

/** XEP-0333 §4.3: displayed is every own message before it too. */
export function delivered(all: Timeline, { id, originId, status, error }: Delivery): Timeline {
  const last = all.findLastIndex((one) => one.id === id || one.id === originId);
  return all.map((one, at) => {
    const isIt = at === last;
    const isBefore = at < last && status === 'displayed' && (one.status === 'sent' || one.status === 'delivered');
    return isIt || isBefore ? { ...one, status, ...(isIt && error ? { error } : {}) } : one;
  });
}

function find(all: Timeline, id: string | undefined): ShownMessage | undefined {
  return id === undefined ? undefined : all.findLast((one) => one.id === id || one.originId === id);
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
  'occupantId',
  'originId',
  'archiveId',
  'status',
] as const satisfies (keyof ShownMessage)[];

type Identity = Pick<ShownMessage, (typeof identity)[number]>;

function pick(message: ShownMessage, keys: readonly (keyof ShownMessage)[]): Identity {
  const entries = keys.filter((key) => message[key] !== undefined).map((key) => [key, message[key]]);
  return Object.fromEntries(entries) as Identity;
}

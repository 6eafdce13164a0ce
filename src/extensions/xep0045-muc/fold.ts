/**
 * The folded view of a page of a room's archive (PROTOCOL.md §10): each message in its last version, with what became of it
 * within the page. What happened to a message that is in another page is told nowhere in this view.
 */

interface Item {
  readonly type: string;
  readonly data: unknown;
  readonly archiveId: string;
}

type Data = Record<string, unknown>;

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

export function foldPage<T extends Item>(items: readonly T[]): T[] {
  const messages = new Map<string, Data>();
  const reactors = new Map<string, string>();
  for (const { type, data } of items) {
    const one = data as Data;
    if (type === 'message') messages.set(String(one.id), { ...one });
    else if (type === 'reaction') react(messages, reactors, one);
    else fold(messages, type, one);
  }
  return items.flatMap((item) => {
    const folded = item.type === 'message' ? messages.get(String((item.data as Data).id)) : undefined;
    return folded ? [{ ...item, data: folded }] : [];
  });
}

/** The actions are read already: only by whom they may be, and with the one id. */
function fold(messages: Map<string, Data>, type: string, action: Data): void {
  const id = String(type === 'message.edited' ? action.replace : action.id);
  const message = messages.get(id);
  if (!message || message.retracted) return;
  if (type === 'message.edited') {
    const { replace: _, ...edited } = action;
    for (const key of identity) delete edited[key];
    const { reactions } = message;
    messages.set(id, {
      ...pick(message, identity),
      ...edited,
      edited: { time: action.time },
      ...(reactions === undefined ? {} : { reactions }),
    });
  } else if (type === 'message.retracted') {
    messages.set(id, { ...pick(message, identity), retracted: pick(action, ['time', 'moderatedBy', 'reason']) });
  }
}

/** XEP-0444 §4.1: one set each, also of somebody who has another nick by now; shown under the newest. */
function react(messages: Map<string, Data>, reactors: Map<string, string>, { id, from, ...action }: Data): void {
  const message = messages.get(String(id));
  if (!message || message.retracted) return;
  const who = `${String(id)}\n${String(action.occupantId ?? from)}`;
  const { reactions = {}, ...rest } = message;
  const { [reactors.get(who) ?? String(from)]: _, ...others } = reactions as Data;
  reactors.set(who, String(from));
  const set = Array.isArray(action.reactions) ? action.reactions : [];
  const all = set.length > 0 ? { ...others, [String(from)]: set } : others;
  messages.set(String(id), Object.keys(all).length > 0 ? { ...rest, reactions: all } : rest);
}

function pick(data: Data, keys: readonly string[]): Data {
  return Object.fromEntries(keys.filter((key) => data[key] !== undefined).map((key) => [key, data[key]]));
}

/** What one web client has on its screen: the account's items by archive id, from where this client began. */
import type { AnyFrame } from '../support/json-client.ts';

/** An item of the archive, as an event or from a page of history. */
export interface Seen {
  readonly archiveId: string;
  readonly type: string;
  readonly chat: string;
  readonly id: string;
  readonly body: string;
  readonly outgoing: boolean;
}

export class View {
  /** Where it begins: what is archived after it must be here. Empty = the archive's beginning; undefined = not begun. */
  start: string | undefined;
  readonly items = new Map<string, Seen>();
  readonly #messages = new Map<string, string>();

  /** Takes an item; tells whether it was new, known, or the same message under another archive id. */
  add(seen: Seen): 'new' | 'known' | 'twice' {
    if (this.items.has(seen.archiveId)) return 'known';
    this.items.set(seen.archiveId, seen);
    if (seen.type !== 'message') return 'new';
    const message = `${seen.chat} ${seen.id}`;
    if (this.#messages.has(message)) return 'twice';
    this.#messages.set(message, seen.archiveId);
    return 'new';
  }
}

/** The archived item in an event's frame, or in an item of history; undefined for what is not archived. */
export function seenIn({ type, data = {} }: Pick<AnyFrame, 'type' | 'data'>): Seen | undefined {
  const { archiveId, chat, id, body, outgoing } = data;
  // A room's archive is its own.
  if (typeof archiveId !== 'string' || data.type === 'groupchat') return undefined;
  return {
    archiveId,
    type,
    chat: String(chat),
    id: String(id),
    body: typeof body === 'string' ? body : '',
    outgoing: outgoing === true,
  };
}

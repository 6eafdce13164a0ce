/**
 * An event on its way to sessions. Its JSON is made once, whoever receives it: only the sequence number differs, and
 * what the `raw` option of a session adds.
 */
import type { AnyEvent, EncodedEvent, PushOptions } from '../extension.ts';
import type { EventClass } from '../protocol/frames.ts';
import type { Element } from '../xmpp/stanza.ts';
import { tryTree } from '../xmpp/tree.ts';
import type { Translator } from './translate.ts';

export type Raw = 'none' | 'extra' | 'full';

/** What is kept of an event for clients that may ask for it again. */
export interface KeptEvent {
  readonly type: AnyEvent['type'];
  readonly key: string | undefined;
  readonly archiveId: string | undefined;
  /** Without its stanza. */
  readonly isPlain: boolean;
  /** How many logs keep it, and what it takes as long as one does. */
  readonly held: { by: number; bytes: number };
  /** The frame's text; numbered where `seq` is given. */
  text(raw: Raw, seq?: number): string;
}

export class OutgoingEvent implements EncodedEvent, KeptEvent {
  readonly type: AnyEvent['type'];
  readonly class: EventClass;
  /** What a later event of the same kind replaces, for the class 'latest'. */
  readonly key: string | undefined;
  /** Its place in the account's archive. */
  readonly archiveId: string | undefined;
  readonly isPlain = false;
  readonly held = { by: 0, bytes: 0 };
  readonly source: AnyEvent;
  readonly #stanza: Element | undefined;
  readonly #translate: Translator;
  readonly #json: { [R in Raw]?: string } = {};
  #plain: PlainEvent | undefined;

  constructor(event: AnyEvent, options: Pick<PushOptions, 'stanza'> & { shared?: boolean }, translate: Translator) {
    this.type = event.type;
    this.class = translate.eventClass(event.type);
    this.key = keyOf(event);
    // What is shared by accounts is in the archive of none of them.
    const archiveId = 'archiveId' in event.data ? event.data.archiveId : undefined;
    this.archiveId = !options.shared && typeof archiveId === 'string' ? archiveId : undefined;
    this.source = event;
    this.#stanza = options.stanza;
    this.#translate = translate;
  }

  text(raw: Raw, seq?: number): string {
    return frame(this.type, this.#data(raw), seq);
  }

  /** For a session that sees no XML: without the stanza and the objects, which take five times the room of their JSON. */
  kept(raw: Raw): KeptEvent {
    if (raw !== 'none') return this;
    this.#plain ??= new PlainEvent(this, this.#data('none'));
    return this.#plain;
  }

  #data(raw: Raw): string {
    this.#json[raw] ??= this.#make(raw);
    return this.#json[raw];
  }

  #make(raw: Raw): string {
    const { data } = this.source;
    const stanza = this.#stanza;
    if (raw === 'none' || stanza === undefined || this.type === 'stanza') return JSON.stringify(data);
    if (raw === 'full') return JSON.stringify({ ...data, stanza: tryTree(stanza) });
    const extra = this.#translate.extra(stanza, this.type);
    return JSON.stringify(extra.length === 0 ? data : { ...data, extra });
  }
}

/** An event as JSON and nothing else; one for all sessions. */
class PlainEvent implements KeptEvent {
  readonly type: AnyEvent['type'];
  readonly key: string | undefined;
  readonly archiveId: string | undefined;
  readonly isPlain = true;
  readonly held = { by: 0, bytes: 0 };
  readonly #data: string;

  constructor({ type, key, archiveId }: OutgoingEvent, data: string) {
    this.type = type;
    this.key = key;
    this.archiveId = archiveId;
    this.#data = data;
  }

  text(_raw: Raw, seq?: number): string {
    return frame(this.type, this.#data, seq);
  }
}

function frame(type: string, data: string, seq: number | undefined): string {
  return seq === undefined ? `{"type":"${type}","data":${data}}` : `{"type":"${type}","seq":${seq},"data":${data}}`;
}

/** The address whose latest value it is. */
function keyOf({ type, data }: AnyEvent): string | undefined {
  if (type === 'presence') return `presence ${data.from}`;
  if (type === 'profile') return `profile ${data.jid}`;
  if (type === 'upload.progress') return `upload ${data.stream}`;
  return type === 'room.occupant' ? `occupant ${data.room}/${data.nick}` : undefined;
}

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

export class OutgoingEvent implements EncodedEvent {
  readonly type: AnyEvent['type'];
  readonly class: EventClass;
  /** What a later event of the same kind replaces, for the class 'latest'. */
  readonly key: string | undefined;
  /** Its place in the account's archive. */
  readonly archiveId: string | undefined;
  readonly source: AnyEvent;
  readonly #stanza: Element | undefined;
  readonly #translate: Translator;
  readonly #json: { [R in Raw]?: string } = {};

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

  /** The frame's text; numbered where `seq` is given. */
  text(raw: Raw, seq?: number): string {
    this.#json[raw] ??= this.#make(raw);
    const data = this.#json[raw];
    return seq === undefined
      ? `{"type":"${this.type}","data":${data}}`
      : `{"type":"${this.type}","seq":${seq},"data":${data}}`;
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

/** The address whose latest value it is. */
function keyOf({ type, data }: AnyEvent): string | undefined {
  if (type === 'presence') return `presence ${data.from}`;
  if (type === 'profile') return `profile ${data.jid}`;
  if (type === 'upload.progress') return `upload ${data.stream}`;
  return type === 'room.occupant' ? `occupant ${data.room}/${data.nick}` : undefined;
}

/** What was said in a soak, by whom to whom, and what became of it: the side of the senders, and each message's history. */

export type Way = 'web → XMPP' | 'XMPP → web' | 'web → web';

export interface Said {
  /** In the body, and the message's id: unique in the whole soak. */
  readonly key: string;
  readonly way: Way;
  /** Bare JIDs. */
  readonly from: string;
  readonly to: string;
  /** One sender's line of messages to one receiver, which has an order. */
  readonly line: string;
  readonly sentAt: number;
  /** An `ok` for a web sender, a receipt for an XMPP sender. */
  acknowledgedAt?: number;
  /** More than one receipt is one too many. */
  receipts: number;
  /** What `ok` said; it tells when the message was taken, which may be long before its sender heard of it. */
  archiveId?: string;
  /** Sent again after an error, so that what was said later may have come first. */
  overtaken: boolean;
  /** An error for good, or a bounce. */
  failed?: string;
  readonly history: string[];
}

export class Ledger {
  readonly said = new Map<string, Said>();
  readonly counts = new Map<string, number>();
  /** What must not happen and concerns no message alone. */
  readonly violations: string[] = [];
  /** What befell the processes, when. */
  readonly events: string[] = [];
  /** When something was last heard of. */
  lastNews = performance.now();
  readonly #start = performance.now();
  #next = 0;

  say(way: Way, from: string, to: string, sender: string): Said {
    const key = `m${++this.#next}`;
    const line = `${sender} → ${to}`;
    const sentAt = performance.now();
    const said: Said = { key, way, from, to, line, sentAt, receipts: 0, overtaken: false, history: [] };
    this.said.set(key, said);
    this.note(key, `said by ${sender} to ${to}`);
    return said;
  }

  acknowledged(key: string, archiveId?: string): void {
    const said = this.said.get(key);
    if (!said) return;
    said.acknowledgedAt ??= performance.now();
    if (archiveId !== undefined) said.archiveId ??= archiveId;
    if (said.archiveId !== archiveId)
      this.violation(`${key} was acknowledged as ${said.archiveId}, then as ${archiveId}`);
  }

  failed(key: string, why: string): void {
    const said = this.said.get(key);
    if (said) said.failed ??= why;
    this.note(key, `failed: ${why}`);
  }

  /** Adds to a message's history. */
  note(key: string, what: string): void {
    this.lastNews = performance.now();
    this.said.get(key)?.history.push(`${this.clock()} ${what}`);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  violation(what: string): void {
    this.violations.push(`${this.clock()} ${what}`);
  }

  /** Seconds since the beginning. */
  clock(at = performance.now()): string {
    return ((at - this.#start) / 1000).toFixed(3).padStart(8);
  }
}

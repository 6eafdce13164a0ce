/** What was done in a rolling restart and must be seen, and by whom: messages, reactions, names of contacts. */

export type Way = 'web → web' | 'web → XMPP' | 'XMPP → web';

/** A message, by its body, which is unique. */
export interface Said {
  readonly key: string;
  readonly way: Way;
  readonly from: string;
  readonly to: string;
  /** Of a web sender: the id it was sent under. */
  readonly id: string;
}

export class Book {
  /** What was acknowledged to web senders; and what XMPP users sent and were not told to have failed. */
  readonly said: Said[] = [];
  /** `account chat id` → the last reaction that was acknowledged. */
  readonly reactions = new Map<string, string>();
  /** `account contact` → the last name that was acknowledged. */
  readonly names = new Map<string, string>();
  readonly counts = new Map<string, number>();
  /** Requests that were not answered with `ok`. */
  readonly refused: string[] = [];
  #next = 0;

  key(): string {
    return `r${++this.#next}`;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

/** One client's screen. */
export class Screen {
  /** Body → how often it was told. */
  readonly bodies = new Map<string, number>();
  /** `chat id` → what the other side, or the own account, reacts with; by who reacts. */
  readonly reactions = new Map<string, string>();
  readonly names = new Map<string, string>();

  body(body: string): void {
    this.bodies.set(body, (this.bodies.get(body) ?? 0) + 1);
  }
}

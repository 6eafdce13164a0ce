/**
 * Catching up from the archive (PROTOCOL.md §5): from the cursor on, page by page; or, where the archive was empty when
 * the client first came, from its end backwards. Events that come meanwhile do not move the cursor.
 */
import type { AnyFrame } from '../support/json-client.ts';

const max = 50;

interface Page {
  readonly items: readonly Pick<AnyFrame, 'type' | 'data'>[];
  readonly first?: string;
  readonly last?: string;
  readonly complete: boolean;
}

export class CatchUp {
  /** The newest archive id up to which nothing is missing; empty = nothing is there. */
  cursor = '';
  running = false;
  /** The oldest archive id read so far, where it goes backwards. */
  #before: string | undefined;

  /** The first request. */
  begin(): Record<string, unknown> {
    this.running = true;
    this.#before = undefined;
    return this.cursor === '' ? { view: 'log', max } : { after: this.cursor, max };
  }

  /** Takes a page; returns the next request, or nothing when it is done. */
  page(data: Record<string, unknown>): { items: Page['items']; next?: Record<string, unknown> } {
    const { items, first, last, complete } = data as unknown as Page;
    const forward = this.cursor !== '';
    if (forward && last !== undefined) this.cursor = last;
    if (!forward) this.#before = first ?? this.#before;
    if (complete) {
      this.running = false;
      return { items };
    }
    return { items, next: forward ? { after: this.cursor, max } : { before: this.#before, view: 'log', max } };
  }
}

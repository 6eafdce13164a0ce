/**
 * The last answers of a session by request id, so that a request that is sent again after a lost socket is not carried
 * out again (PROTOCOL.md §5): it gets the first answer, or joins the attempt under way.
 */
import { hash } from 'node:crypto';
import { StanzaError } from '../protocol/errors.ts';
import type { RequestId } from '../protocol/frames.ts';

export const maxAnswers = 256;
const maxAge = 5 * 60_000;
/** A longer answer is a page of something, which is made again rather than kept. */
const maxLength = 4096;

interface Answer {
  readonly digest: string;
  readonly at: number;
  /** The frame's text once there is one, and who waits for it until then. */
  text?: string;
  waiting?: ((text: string) => void)[];
}

export class Answers {
  #answers: Map<RequestId, Answer> | undefined;

  /**
   * Is this request one that was seen before? Then `write` gets its answer, now or when it is there. Else it is noted.
   * @throws StanzaError conflict for an id that was used for another request
   */
  repeats(id: RequestId, type: string, data: unknown, now: number, write: (text: string) => void): boolean {
    this.#answers ??= new Map();
    const digest = hash('sha1', `${type} ${JSON.stringify(data)}`, 'base64');
    const known = this.#answers.get(id);
    if (known && now - known.at < maxAge) {
      if (known.digest !== digest) throw new StanzaError('conflict', 'This id was used for another request');
      if (known.text === undefined) known.waiting = [...(known.waiting ?? []), write];
      else write(known.text);
      return true;
    }
    this.#answers.delete(id);
    this.#answers.set(id, { digest, at: now });
    this.#prune(now);
    return false;
  }

  /** The answer to a request that was noted. */
  answered(id: RequestId, text: string): void {
    const answer = this.#answers?.get(id);
    if (!answer) return;
    for (const write of answer.waiting ?? []) write(text);
    delete answer.waiting;
    if (text.length > maxLength) this.#answers?.delete(id);
    else answer.text = text;
  }

  #prune(now: number): void {
    for (const [id, answer] of this.#answers ?? []) {
      const done = answer.text !== undefined;
      if ((this.#answers?.size ?? 0) <= maxAnswers && (now - answer.at < maxAge || !done)) return;
      this.#answers?.delete(id);
    }
  }
}

/** The load of a room: every message is confirmed to its sender and reaches everybody else, each once. */
import { now } from './clock.ts';
import type { Listener, WebUser } from './web-user.ts';

/** Longest that a run may take. */
const runMs = 300_000;

export class FanOut implements Listener {
  #next = 10_000_000;
  #first = 0;
  #copies = new Uint16Array(0);
  #missing = 0;
  #confirmed: () => void = () => undefined;
  #finish: () => void = () => undefined;
  #fail: (why: Error) => void = () => undefined;

  /**
   * Lets the senders say that many messages in turn, at most `window` of them unconfirmed. Resolves with the seconds it
   * took until the last one had reached the last of the room.
   */
  async run(
    senders: readonly WebUser[],
    room: string,
    occupants: number,
    count: number,
    window: number,
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.failed(new Error(`${this.#missing} frames are missing`)), runMs);
    const first = this.#next;
    [this.#first, this.#next] = [first, first + count];
    this.#copies = new Uint16Array(count);
    this.#missing = count * occupants;
    [this.#finish, this.#fail] = [resolve, reject];
    let sent = 0;
    const say = (): void => {
      if (sent === count) return;
      senders[sent % senders.length]?.send(room, [first + sent]);
      sent += 1;
    };
    this.#confirmed = say;
    const start = now();
    for (let index = 0; index < window; index++) say();
    try {
      await promise;
      const wrong = this.#copies.findIndex((copies) => copies !== occupants - 1);
      if (wrong >= 0) throw new Error(`message ${wrong} came ${this.#copies[wrong]} times, not ${occupants - 1}`);
      return (now() - start) / 1000;
    } finally {
      clearTimeout(timer);
    }
  }

  arrived(number: number): void {
    const index = number - this.#first;
    this.#copies[index] = (this.#copies[index] ?? 0) + 1;
    this.#one();
  }

  confirmed(_number: number): void {
    this.#confirmed();
    this.#one();
  }

  failed(why: Error): void {
    this.#fail(why);
  }

  #one(): void {
    this.#missing -= 1;
    if (this.#missing === 0) this.#finish();
  }
}

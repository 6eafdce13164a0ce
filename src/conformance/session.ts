/** A connected client: asks, is answered, hears events. What comes otherwise than expected ends the check. */
import type { ErrorCode } from '../protocol/errors.ts';
import type { EventData, EventType, Ready, RequestData, RequestResult, RequestType } from '../protocol/frames.ts';
import { expect, Failure, same, show } from './check.ts';
import type { Frame } from './rules.ts';
import type { Wire } from './wire.ts';

export type Refusal = NonNullable<Frame['error']> & {
  field?: string;
  by?: string;
  retryAfterMs?: number;
  app?: object;
};

export class Session {
  readonly wire: Wire;
  readonly ready: Ready;
  #nextId = 1;

  constructor(wire: Wire, ready: Ready) {
    this.wire = wire;
    this.ready = ready;
  }

  /** The account's address. */
  get user(): string {
    return this.ready.user;
  }

  get id(): string {
    return this.ready.session;
  }

  /** Sends a request and waits for its answer, whatever that is. */
  ask(type: string, data?: unknown, id: string | number = `c${this.#nextId++}`): Promise<Frame> {
    this.wire.send({ type, id, ...(data === undefined ? {} : { data }) });
    return this.answer(id, type);
  }

  answer(id: string | number, type: string): Promise<Frame> {
    return this.wire.next((frame) => frame.id === id, `the answer to ${type}`);
  }

  /** `ok.data` of a request that is right. */
  async request<T extends RequestType>(type: T, data: RequestData<T>): Promise<RequestResult<T>> {
    const { error, data: result } = await this.ask(type, data);
    if (error) throw new Failure(`${type} is refused with ${error.code}: ${error.message}`);
    return result as RequestResult<T>;
  }

  /** The error of a request that must be refused, with one of the codes. */
  async refused(type: string, data: unknown, ...expected: ErrorCode[]): Promise<Refusal> {
    const answer = await this.ask(type, data);
    if (!answer.error)
      throw new Failure(`${type} is answered ${answer.type}, and should be refused with ${expected.join(' or ')}`);
    const error: Refusal = answer.error;
    expect(
      expected.includes(error.code),
      `${type} is refused with ${error.code}, and should be with ${expected.join(' or ')}`,
    );
    return error;
  }

  /** `bad-request` that names the field. */
  async refusedField(type: string, data: unknown, field: string): Promise<void> {
    const { field: named } = await this.refused(type, data, 'bad-request');
    same(named, field, `the field that the refusal of ${type} names`);
  }

  /** The data of the next event of that type which matches. */
  async next<T extends EventType>(
    type: T,
    matches: (data: EventData<T>) => boolean = () => true,
  ): Promise<EventData<T>> {
    const frame = await this.wire.next(
      (one) => one.type === type && matches(one.data as EventData<T>),
      `a ${type} event`,
    );
    return frame.data as EventData<T>;
  }

  /** The next message of that text. */
  heard(body: string): Promise<EventData<'message'>> {
    return this.next('message', (message) => message.body === body);
  }

  /** Everything that was sent before has been handled, and its answers are here. */
  async settle(): Promise<void> {
    await this.ask('ping');
  }

  /** Fails if such an event has come. Call `settle` of those who might have caused it first. */
  async none<T extends EventType>(type: T, matches: (data: EventData<T>) => boolean = () => true): Promise<void> {
    await this.settle();
    const [frame] = this.wire.take((one) => one.type === type && matches(one.data as EventData<T>));
    expect(frame === undefined, `a ${type} event came that should not: ${show(frame)}`);
  }

  /** Sends a message to somebody and waits for its `ok`. */
  say(
    to: string,
    body: string,
    more: Partial<RequestData<'message.send'>> = {},
  ): Promise<RequestResult<'message.send'>> {
    return this.request('message.send', { to, body, ...more });
  }
}

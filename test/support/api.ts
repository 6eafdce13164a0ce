/** A client of the internal port's API, which holds every answer to the schema of its operation. */
import { expect } from 'vitest';
import { type Input, type Operation, type OperationId, type Output, operations } from '../../src/protocol/api.ts';
import type { ErrorObject } from '../../src/protocol/errors.ts';
import { ErrorObject as ErrorSchema } from '../../src/protocol/objects.ts';
import { compile } from '../../src/protocol/parse.ts';

export const apiKey = 'a-key-for-the-api-of-32-characters-or-more';

export interface Refusal {
  status: number;
  error: ErrorObject;
}

export class ApiClient {
  readonly #url: string;

  constructor(internalUrl: string) {
    this.#url = `${internalUrl}/api`;
  }

  /** The answer's data. @throws Error for any other answer than success */
  async call<I extends OperationId>(id: I, input: Partial<Input<I>> = {}): Promise<Output<I>> {
    const { status, body } = await this.#fetch(id, input);
    const { result }: Operation = operations[id];
    expect({ id, status, body }).toMatchObject({ status: result ? 200 : 204 });
    if (!result) return undefined as Output<I>;
    return compile(result)(body) as Output<I>;
  }

  /** The error that it is refused with. */
  async refused<I extends OperationId>(id: I, input: Partial<Input<I>> = {}): Promise<Refusal> {
    const { status, body } = await this.#fetch(id, input);
    expect({ id, status, ok: status < 400 }).toMatchObject({ ok: false });
    const { error }: { error?: ErrorObject } = Object(body);
    compile(ErrorSchema)(error);
    return { status, error: error as ErrorObject };
  }

  async #fetch(id: OperationId, input: { params?: object; query?: object; body?: object }) {
    const { method, path }: Operation = operations[id];
    const filled = Object.entries(input.params ?? {}).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
      path,
    );
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const headers: Record<string, string> = { authorization: `Bearer ${apiKey}` };
    if (input.body) headers['content-type'] = 'application/json';
    const response = await fetch(`${this.#url}${filled}?${query.toString()}`, {
      method,
      headers,
      ...(input.body ? { body: JSON.stringify(input.body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }
}

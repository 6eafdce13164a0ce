/**
 * The API of the internal port (docs/api.md): every operation with what it takes and answers. The one source for routes,
 * validation, types and docs/openapi.yaml.
 */
import type { Static, TObject, TSchema } from 'typebox';
import { Status } from './api-objects.ts';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api`; a part in braces is one of `params`. */
  readonly path: string;
  readonly tag: 'Gateway' | 'Accounts' | 'Sessions' | 'Messages';
  readonly summary: string;
  readonly description?: string;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TObject;
  /** What it answers with 200; absent = 204, nothing. */
  readonly result?: TSchema;
}

export const operations = {
  getStatus: {
    method: 'GET',
    path: '/status',
    tag: 'Gateway',
    summary: 'How the gateway is',
    result: Status,
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
type Operations = typeof operations;

type Part<O, K extends string> = O extends { readonly [P in K]: infer S extends TSchema }
  ? Static<S>
  : Record<string, never>;

/** What an operation is called with, checked. */
export interface Input<I extends OperationId> {
  readonly params: Part<Operations[I], 'params'>;
  readonly query: Part<Operations[I], 'query'>;
  readonly body: Part<Operations[I], 'body'>;
}
export type Output<I extends OperationId> = Operations[I] extends { readonly result: infer R extends TSchema }
  ? Static<R>
  : undefined;

/** Who carries the operations out. @throws StanzaError */
export type Api = { readonly [I in OperationId]: (input: Input<I>) => Output<I> | Promise<Output<I>> };

import { expect, it } from 'vitest';
import {
  badRequest,
  type Condition,
  conditions,
  errorCodes,
  gatewayCodes,
  isCondition,
  StanzaError,
} from '../../src/protocol/errors.ts';

it('the conditions are those of RFC 6120 §8.3.3, each with the type that it recommends', () => {
  const byType = Object.groupBy(Object.entries(conditions), ([, type]) => type);
  const names = (type: string) => byType[type as 'auth']?.map(([name]) => name).sort();
  expect(names('auth')).toEqual(['forbidden', 'not-authorized', 'registration-required', 'subscription-required']);
  expect(names('modify')).toEqual(['bad-request', 'jid-malformed', 'not-acceptable', 'policy-violation', 'redirect']);
  expect(names('wait')).toEqual([
    'recipient-unavailable',
    'remote-server-timeout',
    'resource-constraint',
    'unexpected-request',
  ]);
  expect(names('cancel')).toEqual([
    'conflict',
    'feature-not-implemented',
    'gone',
    'internal-server-error',
    'item-not-found',
    'not-allowed',
    'remote-server-not-found',
    'service-unavailable',
    'undefined-condition',
  ]);
});

it('the vocabulary is conditions and gateway codes, each once', () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length);
  expect(errorCodes).toHaveLength(22 + 9);
  for (const code of Object.keys(gatewayCodes)) expect(isCondition(code)).toBe(false);
});

it.each(['constructor', '__proto__', 'toString', '', 'Bad-Request'])('%j is no condition', (name) => {
  expect(isCondition(name)).toBe(false);
});

it('the four retryable gateway codes and every condition of type wait may be tried again', () => {
  const retryable = errorCodes.filter((code) => new StanzaError(code, 'x').retry);
  const waiting = (Object.keys(conditions) as Condition[]).filter((name) => conditions[name] === 'wait');
  expect(retryable.sort()).toEqual([...waiting, 'link-down', 'rate-limited', 'timeout', 'unconfirmed'].sort());
});

it.each([
  [{ type: 'wait' }, true],
  [{ type: 'cancel' }, false],
  [{ type: 'wait', retry: false }, false],
  [{ retry: true }, true],
  [{}, false],
] as const)('what the details say of retrying comes before the code: %j', (details, retry) => {
  for (const code of ['item-not-found', 'too-large'] as const) {
    expect(new StanzaError(code, 'x', details).retry).toBe(retry);
  }
});

it('the type of an error is what came with it, else that of its condition, else follows from retry', () => {
  expect(new StanzaError('forbidden', 'x').type).toBe('auth');
  expect(new StanzaError('forbidden', 'x', { type: 'cancel' }).type).toBe('cancel');
  expect(new StanzaError('timeout', 'x').type).toBe('wait');
  expect(new StanzaError('timeout', 'x', { retry: false }).type).toBe('cancel');
  expect(new StanzaError('too-large', 'x').type).toBe('cancel');
});

it('a code from nowhere ends in an answer, not in a loop', () => {
  const error = new StanzaError('made-up' as 'timeout', 'x');
  expect(error.type).toBe('cancel');
  expect(error.retry).toBeFalsy();
});

it('the error object says code, message, retry and what else is known, and nothing more', () => {
  expect(new StanzaError('forbidden', 'No').toObject()).toStrictEqual({
    code: 'forbidden',
    message: 'No',
    retry: false,
  });
  expect(
    new StanzaError('rate-limited', 'Slow down', { retryAfterMs: 1200, by: 'example.com' }).toObject(),
  ).toStrictEqual({ code: 'rate-limited', message: 'Slow down', retry: true, retryAfterMs: 1200, by: 'example.com' });
  const error = new StanzaError('timeout', 'x');
  error.cause = new Error('inside');
  expect(JSON.stringify(error.toObject())).not.toContain('inside');
});

it('a bad request names its field', () => {
  expect(badRequest('to', 'to is required').toObject()).toEqual({
    code: 'bad-request',
    message: 'to is required',
    field: 'to',
    retry: false,
  });
});

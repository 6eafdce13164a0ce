/** RFC 6121 appendix A, row by row as the RFC prints it: state, whether the stanza goes on, new state. */
import { describe, expect, it } from 'vitest';
import type { RosterItem } from '../../src/extension.ts';
import { type Change, receive, type State, send, stateOf } from '../../src/extensions/subscription.ts';

const items: Record<State, Partial<RosterItem>> = {
  none: { subscription: 'none' },
  'none+out': { subscription: 'none', ask: true },
  'none+in': { subscription: 'none', request: {} },
  'none+out+in': { subscription: 'none', ask: true, request: {} },
  to: { subscription: 'to' },
  'to+in': { subscription: 'to', request: {} },
  from: { subscription: 'from' },
  'from+out': { subscription: 'from', ask: true },
  both: { subscription: 'both' },
};
const item = (state: State, more: Partial<RosterItem> = {}): RosterItem => ({
  jid: 'romeo@example.com',
  name: 'Romeo',
  groups: ['Friends'],
  subscription: 'none',
  ...items[state],
  ...more,
});

type Row = [state: State, goesOn: boolean, next: State];
const rows = (text: string): Row[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [state, goesOn, next] = line.trim().split(/\s+/);
      return [state as State, goesOn === 'MUST', (next === '=' ? state : next) as State];
    });

const sent: Record<Change, Row[]> = {
  subscribe: rows(`
    none         MUST      none+out
    none+out     MUST      =
    none+in      MUST      none+out+in
    none+out+in  MUST      =
    to           MUST      =
    to+in        MUST      =
    from         MUST      from+out
    from+out     MUST      =
    both         MUST      =`),
  unsubscribe: rows(`
    none         MUST      =
    none+out     MUST      none
    none+in      MUST      =
    none+out+in  MUST      none+in
    to           MUST      none
    to+in        MUST      none+in
    from         MUST      =
    from+out     MUST      from
    both         MUST      from`),
  subscribed: rows(`
    none         MUST-NOT  =
    none+out     MUST-NOT  =
    none+in      MUST      from
    none+out+in  MUST      from+out
    to           MUST-NOT  =
    to+in        MUST      both
    from         MUST-NOT  =
    from+out     MUST-NOT  =
    both         MUST-NOT  =`),
  unsubscribed: rows(`
    none         MUST-NOT  =
    none+out     MUST-NOT  =
    none+in      MUST      none
    none+out+in  MUST      none+out
    to           MUST-NOT  =
    to+in        MUST      to
    from         MUST      none
    from+out     MUST      none+out
    both         MUST      to`),
};

const received: Record<Change, Row[]> = {
  subscribe: rows(`
    none         MUST      none+in
    none+out     MUST      none+out+in
    none+in      MUST-NOT  =
    none+out+in  MUST-NOT  =
    to           MUST      to+in
    to+in        MUST-NOT  =
    from         MUST-NOT  =
    from+out     MUST-NOT  =
    both         MUST-NOT  =`),
  unsubscribe: rows(`
    none         MUST-NOT  =
    none+out     MUST-NOT  =
    none+in      MUST      none
    none+out+in  MUST      none+out
    to           MUST-NOT  =
    to+in        MUST      to
    from         MUST      none
    from+out     MUST      none+out
    both         MUST      to`),
  subscribed: rows(`
    none         MUST-NOT  =
    none+out     MUST      to
    none+in      MUST-NOT  =
    none+out+in  MUST      to+in
    to           MUST-NOT  =
    to+in        MUST-NOT  =
    from         MUST-NOT  =
    from+out     MUST      both
    both         MUST-NOT  =`),
  unsubscribed: rows(`
    none         MUST-NOT  =
    none+out     MUST      none
    none+in      MUST-NOT  =
    none+out+in  MUST      none+in
    to           MUST      none
    to+in        MUST      none+in
    from         MUST-NOT  =
    from+out     MUST      from
    both         MUST      from`),
};

const changes: Change[] = ['subscribe', 'unsubscribe', 'subscribed', 'unsubscribed'];

describe.each(changes)('an account that sends %s (A.2)', (change) => {
  it.each(sent[change])('in state %s: routed %s, then %s', (state, routed, next) => {
    const step = send(item(state), change);
    expect([step.route, stateOf(step.item)]).toEqual([routed, next]);
    expect(step.item).toMatchObject({ name: 'Romeo', groups: ['Friends'] });
  });
});

describe.each(changes)('an account that receives %s (A.3)', (change) => {
  it.each(received[change])('in state %s: delivered %s, then %s', (state, delivered, next) => {
    const step = receive(item(state), change, { nick: 'R' });
    expect([step.deliver, stateOf(step.item)]).toEqual([delivered, next]);
    // A.3.1 note 2: who is subscribed and asks again is told so.
    const answered = change === 'subscribe' && ['from', 'from+out', 'both'].includes(state);
    expect(step.reply).toBe(answered ? 'subscribed' : undefined);
    expect(step.item).toMatchObject({ name: 'Romeo', groups: ['Friends'] });
  });
});

describe('a pre-approval (§3.4)', () => {
  it.each(['none', 'none+out', 'to'] as const)('is noted in state %s, and nobody is told', (state) => {
    const step = send(item(state), 'subscribed');
    expect(step).toEqual({ item: item(state, { approved: true }), route: false });
    expect(send(step.item, 'unsubscribed')).toEqual({ item: item(state), route: false });
  });

  it.each(['from', 'from+out', 'both'] as const)('is not needed in state %s', (state) => {
    expect(send(item(state), 'subscribed')).toEqual({ item: item(state), route: false });
  });

  it.each([
    ['none', 'from'],
    ['none+out', 'from+out'],
    ['to', 'both'],
  ] as const)('lets a request in without asking: %s → %s', (state, next) => {
    const step = receive(item(state, { approved: true }), 'subscribe', { nick: 'R' });
    expect(step).toEqual({ item: item(next, { approved: true }), deliver: false, reply: 'subscribed' });
  });

  it('ends with the subscription it allowed when that is cancelled', () => {
    expect(send(item('both', { approved: true }), 'unsubscribed').item).toEqual(item('to'));
  });

  it('outlives a contact who leaves and comes back', () => {
    const left = receive(item('from', { approved: true }), 'unsubscribe').item;
    expect(receive(left, 'subscribe')).toMatchObject({ deliver: false, reply: 'subscribed' });
  });
});

it('a request keeps what came with it, and the first of several', () => {
  const asked = receive(item('to'), 'subscribe', { nick: 'R', message: 'hi' }).item;
  expect(asked.request).toEqual({ nick: 'R', message: 'hi' });
  expect(receive(asked, 'subscribe', { nick: 'S' }).item.request).toEqual({ nick: 'R', message: 'hi' });
  expect(send(asked, 'unsubscribe').item.request).toEqual({ nick: 'R', message: 'hi' });
});

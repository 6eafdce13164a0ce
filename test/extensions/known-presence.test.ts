import { beforeEach, describe, expect, it } from 'vitest';
import { KnownPresence } from '../../src/extensions/known-presence.ts';
import type { Presence, Show } from '../../src/protocol/objects.ts';

const user = 'romeo@example.com';
const presence = (resource: string, show?: Show, type: Presence['type'] = 'available'): Presence => ({
  from: `${user}/${resource}`,
  user,
  type,
  ...(show ? { show } : {}),
});
const resources = (of = user) => known.of(of).map(({ from }) => from.split('/')[1]);

let known: KnownPresence;
beforeEach(() => {
  known = new KnownPresence();
});

describe('what is known of a contact', () => {
  it('is the best resource first, the latest of equals before the others', () => {
    for (const [resource, show] of [['a', 'dnd'], ['b'], ['c', 'chat'], ['d', 'away'], ['e'], ['f', 'xa']] as const) {
      known.note(presence(resource, show));
    }
    expect(resources()).toEqual(['c', 'e', 'b', 'a', 'd', 'f']);
    known.note(presence('b'));
    expect(resources()).toEqual(['c', 'b', 'e', 'a', 'd', 'f']);
  });

  it('is gone when the resource is', () => {
    known.note(presence('a'));
    known.note(presence('b'));
    known.note(presence('b', undefined, 'unavailable'));
    expect(resources()).toEqual(['a']);
    expect(known.forget(user)).toEqual([`${user}/a`]);
    expect([...known]).toEqual([]);
    expect(known.forget(user)).toEqual([]);
  });

  it('is at most 32 resources, the latest', () => {
    for (let i = 0; i < 40; i++) known.note(presence(`r${i}`));
    expect(resources()).toHaveLength(32);
    expect(resources()).not.toContain('r7');
    expect(resources()).toContain('r39');
  });
});

describe('what is in doubt', () => {
  it('is not shown until it is said again, and goes if it is not', () => {
    known.note(presence('a'));
    known.note(presence('b'));
    const sure = { from: 'bob@web.example.com', user: 'bob@web.example.com', type: 'available' } as const;
    known.note(sure);
    known.doubt((one) => one.endsWith('@web.example.com'));
    expect([...known]).toEqual([sure]);
    known.note(presence('a', 'away'));
    expect(resources()).toEqual(['a']);
    expect(known.settle()).toEqual([{ from: `${user}/b`, user }]);
    expect(known.settle()).toEqual([]);
    expect([...known].map(({ from }) => from)).toEqual([`${user}/a`, sure.from]);
  });
});

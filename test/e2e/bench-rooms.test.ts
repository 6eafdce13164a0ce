/** The benchmark of rooms works: a handful of occupants, and a figure for everything. What they say is not tested. */
import { describe, expect, test } from 'vitest';
import { benchRoom } from '../../bench/room.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const prosody = testServers().find(({ name }) => name === 'prosody-0.12');

describe.skipIf(maySkip(prosody?.available ?? false))('a small room on Prosody 0.12', () => {
  test('is filled, every message reaches everybody once, and all is measured', async () => {
    const server = await prosody?.start();
    if (!server) throw new Error('there is no Prosody 0.12');
    try {
      const row = await benchRoom(server, { occupants: 30, frames: 1500, rounds: 1, settleMs: 0, node: [] });
      expect(row).toMatchObject({ server: 'prosody-0.12', occupants: 30 });
      const { server: _, ...figures } = row;
      expect(Object.entries(figures).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
      expect(row.delivered / row.reflected).toBeCloseTo(30);
    } finally {
      await server.stop();
    }
  }, 60_000);
});

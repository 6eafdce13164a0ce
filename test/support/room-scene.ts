/** Rooms for scenes: each test has its own, with Bob in it, and clients that are in there and leave in the end. */
import { afterEach, beforeAll } from 'vitest';
import type { JsonClient } from './json-client.ts';
import type { Scene } from './scene.ts';
import { ScriptedMuc, type ScriptedRoom } from './scripted-muc.ts';

export interface RoomScene {
  readonly muc: () => ScriptedMuc;
  /** A room that no other test is in, with Bob in it. */
  readonly room: (config?: Parameters<ScriptedMuc['room']>[1]) => ScriptedRoom;
  readonly joined: (user: string, room: ScriptedRoom) => Promise<JsonClient>;
  /** How many actions on messages did not count so far. */
  readonly ignored: (type: string, reason: string) => Promise<number>;
}

/** `name` is what the rooms' addresses begin with. */
export function roomScene(at: Scene, name: string): RoomScene {
  let muc: ScriptedMuc | undefined;
  let rooms = 0;
  const open: JsonClient[] = [];
  const service = (): ScriptedMuc => {
    if (!muc) throw new Error('the scene has not begun');
    return muc;
  };
  beforeAll(() => {
    muc = ScriptedMuc.on(at.server);
  });
  afterEach(async () => {
    for (const client of open.splice(0)) {
      const { items } = await client.request('room.list', {});
      const inside = items.filter((one) => one.joined);
      await Promise.all(inside.map((one) => client.request('room.leave', { room: one.room })));
      await client.close();
    }
  });
  return {
    muc: service,
    room: (config = {}) => {
      rooms += 1;
      const one = service().room(`${name}${rooms}`, config);
      one.enter('Bob', { affiliation: 'owner' });
      return one;
    },
    joined: async (user, { jid }) => {
      const client = await at.gateway.login(user, {});
      open.push(client);
      await client.request('room.join', { room: jid, nick: user });
      client.inbox.take();
      return client;
    },
    ignored: async (type, reason) => {
      const start = `stanzawire_actions_ignored_total{type="${type}",reason="${reason}"}`;
      const line = (await at.gateway.metrics()).split('\n').find((one) => one.startsWith(start));
      return Number(line?.split(' ').at(-1));
    },
  };
}

/** When an account is in its rooms: while it has a session, attached or detached, and the link is up (PROTOCOL.md §10). */
import { requests as join } from './join.ts';
import { absent, leave, requests as leaving } from './leave.ts';
import { requests as list, snapshot } from './list.ts';
import { requests as nick } from './nick.ts';
import { requests as occupants } from './occupants.ts';
import type { Part } from './part.ts';
import { takes } from './presence.ts';
import { lost, rejoinAll } from './rejoin.ts';
import { findRoomService, roomService } from './room-service.ts';
import { roomsOf } from './rooms.ts';
import { tellRooms } from './status.ts';

export const occupancy: Part = {
  requests: { ...join, ...leaving, ...list, ...nick, ...occupants },
  takes,
  snapshots: { rooms: snapshot },
  services: (gateway) => {
    const rooms = roomService(gateway);
    return rooms === undefined ? {} : { rooms };
  },
  hooks: {
    availability: tellRooms,
    accountClose: (account) => roomsOf(account).clear(),
    sessionOpen: ({ account }) => rejoinAll(account),
    sessionClose: ({ account }) => {
      if (account.sessions.size === 0) absent(account);
    },
    accountRemove: async (account) => {
      await Promise.all([...roomsOf(account)].map((room) => leave(room)));
    },
    linkDown: (gateway) => {
      for (const account of gateway.accounts) lost(account);
    },
    linkUp: (gateway) => {
      void findRoomService(gateway);
      for (const account of gateway.accounts) if (account.sessions.size > 0) rejoinAll(account);
    },
  },
};

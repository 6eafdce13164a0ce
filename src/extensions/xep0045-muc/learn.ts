/** Asks a room what it is and can do (disco#info, XEP-0045 §6.4): once, whoever of the gateway's accounts asks. */
import { type Gateway, slot } from '../../extension.ts';
import type { DiscoInfo } from '../../protocol/discovery.ts';
import { StanzaError } from '../../protocol/errors.ts';
import { parse } from '../../xmpp/jid.ts';
import { discoInfo } from '../discovery.ts';
import type { Room } from './room.ts';

/** A room that does not answer is joined all the same. */
const patience = 5000;

const underWay = slot(() => new Map<string, Promise<DiscoInfo | undefined>>());

/** What is known of the room, else what it answers; undefined where it does not in time. Never throws. */
export async function learn(room: Room): Promise<DiscoInfo | undefined> {
  room.shared.info ??= await relearn(room);
  return room.shared.info;
}

/** The same, but what is known may be out of date (status 104). */
export async function relearn(room: Room): Promise<DiscoInfo | undefined> {
  const { gateway } = room.account;
  const asking = gateway.slot(underWay);
  let answer = asking.get(room.jid);
  if (!answer) {
    answer = ask(room, gateway).finally(() => asking.delete(room.jid));
    asking.set(room.jid, answer);
  }
  const info = await answer;
  if (info) room.shared.info = info;
  return info;
}

async function ask({ account, jid }: Room, gateway: Gateway): Promise<DiscoInfo | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.min(patience, gateway.limits.sendTimeout));
  });
  try {
    return await Promise.race([discoInfo(account, parse(jid)), late]);
  } catch (error) {
    // It may not exist yet, or not tell.
    if (error instanceof StanzaError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

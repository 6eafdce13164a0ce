/** The room service that `ready` names: the configured one, else the first that the server lists (XEP-0045 §6.1). */
import { type Gateway, slot } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import { tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { detach, type Element, el, elements } from '../../xmpp/stanza.ts';
import { readInfo } from '../discovery.ts';

/** So many of the server's items are looked at. */
const maxItems = 30;

const found = slot(() => ({ service: undefined as string | undefined }));

export function roomService(gateway: Gateway): string | undefined {
  return gateway.roomService ?? gateway.slot(found).service;
}

/** Looks for it, where it is not known. Never throws. */
export async function findRoomService(gateway: Gateway): Promise<void> {
  if (roomService(gateway) !== undefined) return;
  try {
    const items = await ask(gateway, gateway.server, ns.discoItems);
    const jids = (items ? elements(items) : []).flatMap(({ attrs }) => tryParse(attrs.jid ?? '') ?? []);
    for (const { full, local } of jids.slice(0, maxItems)) {
      if (local !== '' || full === gateway.domain || !(await isRoomService(gateway, full))) continue;
      gateway.slot(found).service = detach(full);
      return;
    }
  } catch (error) {
    // Without it clients name the rooms in full; the next link looks again.
    if (!(error instanceof StanzaError)) throw error;
  }
}

async function isRoomService(gateway: Gateway, jid: string): Promise<boolean> {
  try {
    const { identities, features } = readInfo(await ask(gateway, jid, ns.discoInfo));
    return features.includes(ns.muc) && identities.some(({ category }) => category === 'conference');
  } catch (error) {
    if (error instanceof StanzaError) return false;
    throw error;
  }
}

async function ask(gateway: Gateway, to: string, xmlns: string): Promise<Element | undefined> {
  const answer = await gateway.request(el('iq', { from: gateway.domain, to, type: 'get' }, el('query', { xmlns })));
  return elements(answer)[0];
}

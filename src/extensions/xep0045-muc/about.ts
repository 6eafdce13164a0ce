/**
 * What a room says of itself to those who are not in it, XEP-0045 §6.4: its features, and the form muc#roominfo (§15.5.4).
 *   {"type":"room.info","data":{"room":"dev@rooms.example.com"}}
 *   → <iq type="get" to="dev@rooms.example.com"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>
 */
import type { RequestResult } from '../../protocol/frames.ts';
import { discoInfo } from '../discovery.ts';
import { firstValue } from '../xep0004-forms.ts';
import { roomObject } from './bookmark.ts';
import { describeInfo } from './info.ts';
import type { Part } from './part.ts';
import { roomAddress, roomsOf } from './rooms.ts';

const formType = 'http://jabber.org/protocol/muc#roominfo';

export const about: Part = {
  requests: {
    'room.info': async ({ account }, { room: text }): Promise<RequestResult<'room.info'>> => {
      const jid = roomAddress(account, text);
      const info = await discoInfo(account, jid);
      const known = roomsOf(account).get(jid.bare);
      if (known) known.shared.info = info;
      const form = info.forms?.find((one) => firstValue(one, 'FORM_TYPE') === formType);
      const subject = firstValue(form, 'muc#roominfo_subject');
      const occupants = Number.parseInt(firstValue(form, 'muc#roominfo_occupants') ?? '', 10);
      return {
        // What is known from inside of the room is newer.
        ...(subject ? { subject } : {}),
        ...(occupants >= 0 ? { occupants } : {}),
        ...roomObject(account, jid.bare),
        ...describeInfo(info),
        ...(form ? { form } : {}),
      };
    },
  },
};

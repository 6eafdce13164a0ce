/** The extensions that every gateway has, in the order in which their hooks run. */
import type { Extension } from '../extension.ts';
import iq from './rfc6120-iq.ts';
import message from './rfc6121-message.ts';
import presence from './rfc6121-presence.ts';
import roster from './rfc6121-roster.ts';
import disco from './xep0030-disco.ts';
import chatStates from './xep0085-chat-states.ts';
import version from './xep0092-version.ts';
import ping from './xep0199-ping.ts';
import delay from './xep0203-delay.ts';
import stanzaIds from './xep0359-stanza-ids.ts';

export const builtIn: readonly Extension[] = [
  message,
  presence,
  roster,
  iq,
  disco,
  chatStates,
  version,
  ping,
  delay,
  stanzaIds,
];

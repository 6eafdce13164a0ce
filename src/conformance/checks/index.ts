/** The whole suite, in the order of PROTOCOL.md. */
import type { Check } from '../check.ts';
import { hatches } from './hatches.ts';
import { ids, limits } from './limits.ts';
import { acting, history, message } from './messages.ts';
import { blocking, contacts, profiles } from './people.ts';
import { wrongCalls } from './requests.ts';
import { classes, resume } from './resume.ts';
import { rooms } from './rooms.ts';
import { security } from './security.ts';
import { services, uploads } from './services.ts';
import { connect, heartbeat } from './sessions.ts';
import { batches, envelope, transport } from './transport.ts';

export const checks: readonly Check[] = [
  ...transport,
  ...envelope,
  ...connect,
  ...resume,
  ...heartbeat,
  ...classes,
  ...ids,
  ...limits,
  ...batches,
  ...uploads,
  ...message,
  ...wrongCalls,
  ...acting,
  ...history,
  ...contacts,
  ...blocking,
  ...profiles,
  ...rooms,
  ...services,
  ...hatches,
  ...security,
];

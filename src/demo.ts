/** What the configuration makes of the demo page (http/demo.ts): who may sign in, and what signs their tokens. */
import { fileURLToPath } from 'node:url';
import { signerOf } from './auth/jwt.ts';
import type { Config } from './config.ts';
import type { Demo } from './http/demo.ts';

/** Of the sources and of the package alike. */
const built = fileURLToPath(new URL('../dist/demo/', import.meta.url));
/** Tokens of demo users last long enough for a visit; the page asks for another one in time. */
const tokenMs = 3600_000;

/** undefined = there is none. */
export function demoOf({ http, auth }: Config, folder = built): Demo | undefined {
  const settings = http.public;
  if (!settings.demo) return undefined;
  return {
    folder,
    path: settings.path,
    users: settings.demoUsers,
    get origins() {
      return settings.origins;
    },
    get guests() {
      return auth.guest.enabled;
    },
    token: async (user) => {
      const sign = signerOf(auth.jwt);
      if (!sign) throw new Error('auth.jwt.secret has gone: no token can be signed');
      return sign({ user, ttlMs: tokenMs });
    },
  };
}

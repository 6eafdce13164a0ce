/** The probes: may the process live, may it get traffic. They only look at a read-only view of core. */
import type { FastifyInstance } from 'fastify';

export interface Status {
  ready(): { ready: boolean; link: 'up' | 'down'; draining: boolean };
  alive(): boolean;
}

export function addProbes(app: FastifyInstance, status: Status): void {
  app.get('/livez', (_request, reply) => {
    const alive = status.alive();
    return reply
      .code(alive ? 200 : 503)
      .type('text/plain')
      .send(alive ? 'ok\n' : 'not alive\n');
  });
  // ?exclude=link, in the words of Kubernetes' own probes: a sidecar's readiness is the whole pod's, and the XMPP server
  // in it must not be cut off from its users because we have no link to it.
  app.get('/readyz', (request, reply) => {
    const { exclude }: { exclude?: unknown } = Object(request.query);
    const state = status.ready();
    const ready = state.ready || (exclude === 'link' && status.alive() && !state.draining);
    return reply.code(ready ? 200 : 503).send({ ...state, ready });
  });
}

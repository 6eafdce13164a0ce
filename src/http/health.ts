/** The probes: may the process live, may it get traffic. They only look at a read-only view of core. */
import type { FastifyInstance } from 'fastify';

export interface Status {
  ready(): { ready: boolean; link: 'up' | 'down'; draining: boolean; drained: boolean };
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
  app.get('/readyz', (_request, reply) => {
    const state = status.ready();
    return reply.code(state.ready ? 200 : 503).send(state);
  });
}

/** `POST /drain` on the internal port: begins the drain for those who have the configuration (`stanzawire drain`). */
import type { FastifyInstance } from 'fastify';
import { isDrainProof } from './drain-proof.ts';

export interface DrainDoor {
  /** The component's secret. */
  readonly secret: () => string;
  readonly begin: () => void;
}

/** It answers at once; `/readyz` tells when the process has drained. */
export function addDrain(app: FastifyInstance, { secret, begin }: DrainDoor): void {
  app.post('/drain', (request, reply) => {
    if (!isDrainProof(request.headers.authorization, secret(), Date.now())) {
      return reply
        .code(401)
        .send({ error: 'only stanzawire drain with the configuration of this process may do this' });
    }
    begin();
    return reply.code(202).send({ draining: true });
  });
}

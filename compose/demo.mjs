/** Serves the page of compose.yaml: the quickstart's, with the addresses and secrets of the containers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { servePage } from '../scripts/quickstart/page.mjs';

const { SECRETS = '/secrets', HOST = '0.0.0.0', PORT = '8000' } = process.env;
const secret = (name) => readFileSync(join(SECRETS, name), 'utf8').trim();
const page = Number(PORT);

const server = await servePage({
  host: HOST,
  stage: {
    // As compose.yaml publishes them.
    ports: { page, gateway: 8080, xmppSocket: 5280, c2s: 5222 },
    domain: 'web.localhost',
    server: 'localhost',
    tokenSecret: secret('token'),
    webUsers: ['alice', 'bob'],
    xmppUser: { name: 'romeo', password: secret('romeo') },
    origins: [`http://127.0.0.1:${page}`, `http://localhost:${page}`],
  },
});
console.log(`The demo is at http://localhost:${page}`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void server.stop());

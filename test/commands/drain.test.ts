/** `stanzawire drain`, and a sidecar whose XMPP server shuts down, on real processes. */
import { expect, it, onTestFinished } from 'vitest';
import { Program, runMain } from '../support/process.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { freePorts } from '../support/servers/ports.ts';

const env = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SERVICE: 'xmpp://127.0.0.1:1',
  STANZAWIRE_XMPP_SECRET: 'planted-component-secret',
  STANZAWIRE_AUTH_JWT_SECRET: 'planted-token-secret-of-32-bytes-and-more',
  STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
  STANZAWIRE_HTTP_PUBLIC_PORT: '0',
  STANZAWIRE_HTTP_INTERNAL_PORT: '0',
  STANZAWIRE_STORE_URL: 'memory:',
  STANZAWIRE_DRAIN_TIME: '0s',
};

/** A gateway on ports that are known beforehand, and what a command on the same machine is given. */
async function running(more: Record<string, string> = {}) {
  const server = await ScriptedServer.start({ domain: 'web.example.com', secret: env.STANZAWIRE_XMPP_SECRET });
  server.answersPings = true;
  const [port] = await freePorts(1);
  const all = {
    ...env,
    STANZAWIRE_XMPP_SERVICE: server.service,
    STANZAWIRE_HTTP_INTERNAL_PORT: String(port),
    ...more,
  };
  const program = new Program([], all);
  await program.event('link_up');
  await program.event('started');
  onTestFinished(() => server.stop());
  return { server, program, all, url: `http://127.0.0.1:${port}` };
}

it('waits until the gateway has drained, which then stays for its probes until a signal ends it', async () => {
  const apiKey = 'a-key-for-the-api-of-32-characters-or-more';
  const { server, program, all, url } = await running({ STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
  const status = () => fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${apiKey}` } });
  expect((await status()).status).toBe(200);
  expect(await runMain(['drain'], all)).toEqual({ code: 0, stdout: 'drained', stderr: '' });
  expect(await program.event('drain_begun')).toMatchObject({ cause: 'command' });
  expect(server.raw.at(-1)).toMatch(/<\/stream:stream>$/);
  const ready = await fetch(`${url}/readyz`);
  expect({ status: ready.status, body: await ready.json() }).toEqual({
    status: 503,
    body: { ready: false, link: 'down', draining: true, drained: true },
  });
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^stanzawire_draining 1$/m);
  const refused = await status();
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 503,
    body: { error: { code: 'resource-constraint', retry: true } },
  });
  const { publicPort } = await program.event('started');
  await expect(fetch(`http://127.0.0.1:${Number(publicPort)}/`)).rejects.toThrow();
  // Once more changes nothing.
  expect(await runMain(['drain'], all)).toMatchObject({ code: 0 });
  program.child.kill('SIGTERM');
  expect((await program.ended).code).toBe(0);
});

it('ends with 75 when its time is over; a signal then waits for the drain, and a second one does not', async () => {
  const { program, all } = await running({ STANZAWIRE_DRAIN_TIME: '30s' });
  const { code, stderr } = await runMain(['drain', '--timeout', '100ms'], all);
  expect({ code, stderr }).toEqual({
    code: 75,
    stderr:
      'stanzawire: not drained in 0.1 s; it goes on. Give it more time with --timeout, or less to do with drain.time',
  });
  program.child.kill('SIGTERM');
  await program.event('stopping');
  program.child.kill('SIGTERM');
  expect((await program.ended).code).toBe(1);
});

it('says what is wrong where there is no gateway, or one with another secret', async () => {
  const { program, all, url } = await running();
  const other = { ...all, STANZAWIRE_XMPP_SECRET: 'planted-other-secret' };
  expect(await runMain(['drain'], other)).toEqual({
    code: 69,
    stdout: '',
    stderr: `stanzawire: the gateway at ${url} has another xmpp.secret: give the configuration it runs with`,
  });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  program.child.kill('SIGTERM');
  await program.ended;
  expect(await runMain(['drain'], all)).toEqual({
    code: 69,
    stdout: '',
    stderr: `stanzawire: nothing answers at ${url}: does the gateway run, with this configuration?`,
  });
  expect(await runMain(['drain'], env)).toMatchObject({ code: 78, stderr: expect.stringMatching(/internal\.port: 0/) });
});

it('is what a sidecar does when its XMPP server shuts down; then it ends with 0', async () => {
  const { server, program, url } = await running({ STANZAWIRE_MODE: 'sidecar' });
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true });
  server.streamError('system-shutdown');
  expect(await program.event('drain_begun')).toMatchObject({ cause: 'system-shutdown' });
  const { code, stderr } = await program.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

it('is not what it does elsewhere, nor for another end of the stream: the server comes back', async () => {
  for (const [mode, condition] of [
    ['standalone', 'system-shutdown'],
    ['sidecar', 'reset'],
  ] as const) {
    const { server, program, url } = await running({ STANZAWIRE_MODE: mode });
    server.streamError(condition);
    await program.event('link_down');
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      ready: mode === 'sidecar',
      link: 'down',
      draining: false,
    });
    program.child.kill('SIGTERM');
    await program.ended;
  }
});

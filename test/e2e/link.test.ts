/** The link on real servers: what the scripted server only imitates. */
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { Link, type LinkOptions, type LinkState } from '../../src/xmpp/link.ts';
import { childText, type Element, el } from '../../src/xmpp/stanza.ts';
import { randomMessages } from '../support/random-messages.ts';
import { onEveryServer } from '../support/servers/each.ts';
import type { XmppServer } from '../support/servers/index.ts';

const from = 'juliet@web.example.test/web';
/** Also ours: the server sends it back to us. */
const to = 'nurse@web.example.test';
const later = () => Date.now() + 60_000;
const message = (id: string) => el('message', { type: 'chat', id, from, to }, el('body', {}, `text of ${id} 🦜`));

/** A link to the server, and a way to wait for its states and stanzas. */
function linkTo(server: XmppServer, options: Partial<LinkOptions> = {}) {
  const states: LinkState[] = [];
  const stanzas: Element[] = [];
  const log: Record<string, unknown>[] = [];
  let watch: () => void = () => undefined;
  const link = new Link({
    service: server.service,
    domain: server.componentDomain,
    server: server.host,
    secret: () => server.secret,
    maxStanzaBytes: 262_144,
    metrics: createMetrics({ version: 'test' }),
    timing: { retryFirst: 50, retryLast: 200, refusedFirst: 10, refusedLast: 20 },
    ...options,
    log: createLogger('info', {
      write: (line: string) => {
        log.push(JSON.parse(line));
        watch();
      },
    }),
  });
  link.onState = (state) => {
    states.push(state);
    watch();
  };
  link.onStanza = (stanza) => {
    stanzas.push(stanza);
    watch();
  };
  onTestFinished(() => link.stop());
  link.start();
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      watch = () => holds() && resolve();
      watch();
    });
  return { link, states, stanzas, log, until };
}

onEveryServer('link', (server) => {
  test('5,000 deliveries to an account of ours come back in order', async () => {
    const { link, states, stanzas, until } = linkTo(server());
    await until(() => states.length === 1);
    const sent = Array.from({ length: 5000 }, (_, i) => `m${i}`);
    await Promise.all(sent.map((id) => link.deliver(message(id), later()).done));
    await until(() => stanzas.length === sent.length);
    expect(stanzas.map(({ attrs }) => attrs.id)).toEqual(sent);
    expect(states).toHaveLength(1);
  });

  test('whatever passes the guard leaves the stream alive and arrives as it was meant', async () => {
    const { link, states, stanzas, until } = linkTo(server());
    await until(() => states.length === 1);
    const passed: Element[] = [];
    for (const stanza of randomMessages(3000, from, to)) {
      try {
        if (link.send(stanza)) passed.push(stanza);
      } catch {
        // refused, as most of them are
      }
    }
    await link.deliver(message('end'), later()).done;
    await until(() => stanzas.some(({ attrs }) => attrs.id === 'end'));
    expect(states).toHaveLength(1);
    const bodies = new Map(passed.map((stanza) => [stanza.attrs.id, childText(stanza, 'body', '')]));
    const echoes = stanzas.filter(({ attrs }) => attrs.type === 'chat' && bodies.has(attrs.id));
    expect(echoes.length).toBeGreaterThan(500);
    for (const echo of echoes) expect(childText(echo, 'body', '')).toBe(bodies.get(echo.attrs.id));
  });

  test('a wrong secret and an unknown domain are refused with a remedy, and asked again', async () => {
    const wrong = linkTo(server(), { secret: () => 'wrong' });
    await wrong.until(() => wrong.log.length >= 2);
    const unknown = linkTo(server(), { domain: 'other.example.test' });
    await unknown.until(() => unknown.log.length >= 2);
    expect(wrong.log[0]).toMatchObject({
      reason: 'not-authorized',
      remedy: expect.stringContaining('component_secret'),
    });
    const reason = server().kind === 'prosody' ? 'host-unknown' : 'not-authorized';
    expect(unknown.log[1]).toMatchObject({ reason, remedy: expect.stringContaining('other.example.test') });
  });

  test('every delivery is proved in the end when the server is killed in the middle', async () => {
    const { link, states, until } = linkTo(server());
    await until(() => states.length === 1);
    const sent = Array.from({ length: 3000 }, (_, i) => link.deliver(message(`k${i}`), later()).done);
    await sent[300];
    await server().kill('SIGKILL');
    await until(() => states.length === 2);
    expect(states[1]).toMatchObject({ link: 'down', reason: expect.stringMatching(/^(io|eof)$/) });
    await server().restart();
    await Promise.all(sent);
    expect(states.map((state) => state.link)).toEqual(['up', 'down', 'up']);
  });
});

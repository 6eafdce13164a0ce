/** Probes of what the gateway does with others, and of the process itself: uploads, webhooks, Web Push, drain, log. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { el } from '../../../src/xmpp/stanza.ts';
import { isSigned, signingSecret } from '../../support/backend.ts';
import { type Probes, type ReloadScene, someone } from './scene.ts';

const romeo = 'romeo@example.com';

export function process(at: ReloadScene): Probes {
  return { ...uploads(at), ...webhooks(at), ...push(at), ...logs(at), ...drain(at) };
}

function uploads(at: ReloadScene): Probes {
  const file = (size: number) => ({ filename: 'a.bin', size });
  const open = (size: number) => () => {
    giveSlots(at);
    return at.answered('upload.open', file(size));
  };
  return {
    'uploads.hosts': {
      to: 'files.example.com',
      see: open(2000),
      before: 'ok',
      after: 'not-allowed',
    },
    'uploads.size': {
      to: '1KiB',
      see: open(2000),
      before: 'ok',
      after: 'bad-request',
    },
    'uploads.streams': {
      to: '1',
      see: async () => {
        giveSlots(at);
        const client = await at.gateway.login('alice', { presence: false, features: ['binary'] });
        await client.request('upload.open', file(2000));
        const { error } = await client.answer({ type: 'upload.open', data: file(2000) });
        await client.close();
        return error?.code ?? 'ok';
      },
      before: 'ok',
      after: 'resource-constraint',
    },
  };
}

/** The upload service of the server: files go to the backend, which takes anything. */
function giveSlots({ server, backend }: ReloadScene): void {
  server.onStanza = ({ attrs }) => {
    if (attrs.to !== 'upload.example.com') return;
    const [put, get] = [el('put', { url: `${backend.url}/files` }), el('get', { url: 'https://upload.example.com/a' })];
    const slot = el('slot', { xmlns: 'urn:xmpp:http:upload:0' }, put, get);
    server.send(el('iq', { type: 'result', id: attrs.id, from: attrs.to, to: attrs.from }, slot));
  };
}

function webhooks(at: ReloadScene): Probes {
  const secret = signingSecret();
  const user = () => `${someone()}@web.example.com`;
  const login = async (jid: string) => at.gateway.login(jid.replace(/@.*/, ''));
  /** Logs somebody in, whose first webhook is answered so; waits until it was taken. */
  const opened = async (first: () => Promise<{ status: number }>): Promise<number> => {
    const jid = user();
    let tries = 0;
    at.backend.reply = ({ event: { type, data } }) => {
      if (type !== 'session.opened' || data?.account !== jid) return { status: 204 };
      return tries++ === 0 ? first() : { status: 204 };
    };
    await (await login(jid)).close();
    await expect.poll(() => at.metric('stanzawire_webhook_queue'), { timeout: 20_000 }).toBe('0');
    return tries;
  };
  return {
    'webhooks.secret': {
      to: secret,
      see: async () => {
        const jid = user();
        await (await login(jid)).close();
        return isSigned(await at.backend.next('session.opened', jid), secret);
      },
      before: false,
      after: true,
    },
    'webhooks.bodies': {
      with: { STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s' },
      to: 'true',
      see: async () => {
        const jid = user();
        const client = await login(jid);
        await client.request('contact.add', { jid: romeo });
        await client.close();
        await at.backend.next('session.closed', jid);
        at.server.send(
          el('message', { from: romeo, to: jid, type: 'chat', id: jid }, el('body', {}, 'are you there?')),
        );
        return (await at.backend.next('message.offline', jid)).event.data?.body;
      },
      before: undefined,
      after: 'are you there?',
    },
    'webhooks.timeout': {
      to: '100ms',
      see: async () => (await opened(() => delay(1000, { status: 204 }))) > 1,
      before: false,
      after: true,
    },
    'log.levels.outbound': {
      to: 'fatal',
      see: () => at.logs('webhook_failing', () => opened(async () => ({ status: 500 }))),
      before: true,
      after: false,
    },
  };
}

function push(at: ReloadScene): Probes {
  /** The notification of a message to somebody who has gone. */
  const notified = async () => {
    const client = await at.gateway.login(someone());
    const browser = at.push.browser(client.user);
    await client.request('contact.add', { jid: romeo });
    await client.answer({ type: 'push.subscribe', data: browser.subscription });
    await client.close();
    await at.backend.next('session.closed', client.user);
    at.server.send(
      el('message', { from: romeo, to: client.user, type: 'chat', id: client.user }, el('body', {}, 'hi')),
    );
    return at.push.next(browser);
  };
  const ends = { STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s' };
  return {
    'push.previews': {
      with: ends,
      to: 'false',
      see: async () => (await notified()).payload.body,
      before: 'hi',
      after: undefined,
    },
    'push.ttl': {
      with: ends,
      to: '60s',
      see: async () => (await notified()).headers.ttl,
      before: '86400',
      after: '60',
    },
  };
}

function logs(at: ReloadScene): Probes {
  const visit = async () => (await at.gateway.login('alice', { presence: false })).close();
  const relink = async () => {
    const client = await at.gateway.login('alice', { presence: false });
    at.server.drop('fin');
    await client.next('state', ({ link }) => link === 'up', 20_000);
    await client.close();
  };
  const on = { before: false, after: true };
  const off = { before: true, after: false };
  return {
    'log.level': { to: 'debug', see: () => at.logs('socket_opened', visit), ...on },
    'log.levels.websocket': { to: 'debug', see: () => at.logs('socket_opened', visit), ...on },
    'log.levels.core': { to: 'warn', see: () => at.logs('socket_authenticated', visit), ...off },
    'log.levels.auth': { to: 'debug', see: () => at.logs('token_refused', () => at.connectWith('wrong')), ...on },
    'log.levels.http': { to: 'error', see: () => at.logs('api_refused', () => at.api('/api/status', 'wrong')), ...off },
    'log.levels.xmpp': { to: 'warn', see: () => at.logs('link_up', relink), ...off },
  };
}

function drain(at: ReloadScene): Probes {
  const limit = () => at.metric('stanzawire_drain_limit_seconds');
  return { 'drain.time': { to: '7s', see: limit, before: '0', after: '7' } };
}

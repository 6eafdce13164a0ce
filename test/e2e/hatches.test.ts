/** XMPP itself through a web client: raw stanzas, further elements and queries of an application, both ways, with slixmpp. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const chess = 'urn:example:chess';
const move = { name: 'move', attrs: { xmlns: chess }, children: ['e4'] };

onEveryServer('escape hatches', (server) => {
  let gateway: TestGateway;
  let alice: JsonClient;

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()));
    alice = await gateway.login('alice', { scopes: ['raw'], raw: 'extra', iq: [chess] });
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
  });
  afterAll(() => gateway.stop());

  test.skipIf(maySkip(SlixmppPeer.available()))('reach an XMPP user, and are reached', async () => {
    const romeo = await SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'board' });

    const xml = `<message xmlns='jabber:client' to='${romeo.jid}' type='chat' id='x1'><body>h&#105; &amp; bye</body></message>`;
    await alice.request('stanza.send', { xml });
    const from = 'alice@web.example.test/web';
    expect(await romeo.next('message')).toMatchObject({ from, id: 'x1', body: 'hi & bye', type: 'chat' });
    await alice.request('message.send', { to: romeo.jid, body: 'my move', extra: [move] });
    expect(await romeo.next('message')).toMatchObject({ body: 'my move' });

    await romeo.sendRaw(
      `<message to='${alice.user}' type='chat' id='x2'><body>mine</body><move xmlns='${chess}'>e5</move></message>`,
    );
    expect(await alice.next('message', ({ body }) => body === 'mine')).toMatchObject({
      id: 'x2',
      extra: [{ name: 'move', attrs: { xmlns: chess }, children: ['e5'] }],
    });

    const asked = romeo.iq('set', from, `<move xmlns='${chess}'>Nf3</move>`);
    const { iq, ...query } = await alice.next('iq');
    expect(query).toMatchObject({ from: romeo.jid, type: 'set', payload: { name: 'move', children: ['Nf3'] } });
    await alice.request('iq.reply', { iq, payload: { ...move, children: ['Nc6'] } });
    expect(await asked).toMatch(/<(?:\w+:)?move xmlns(?::\w+)?="urn:example:chess">Nc6<\/(?:\w+:)?move>/);

    const refused = romeo.iq('get', from, `<move xmlns='${chess}'/>`);
    refused.catch(() => undefined);
    const second = await alice.next('iq');
    await alice.request('iq.reply', { iq: second.iq, error: { code: 'not-allowed', message: 'not your turn' } });
    await expect(refused).rejects.toThrow(/not-allowed/);
    await expect(romeo.iq('get', from, `<x xmlns='urn:example:unclaimed'/>`)).rejects.toThrow(/service-unavailable/);
    await romeo.close();
  });
});

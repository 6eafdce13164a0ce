/** Answers to queries from others than who was asked: by a guessed or overheard id, from every address that is near. */
import { expect, it } from 'vitest';
import { attack, evilDomain } from '../support/attack.ts';
import { C2sClient } from '../support/peers/c2s.ts';

attack('spoofed answers', (at) => {
  it('an answer from anybody but the one who was asked is no answer, even with the right id', async () => {
    const { alice, romeo, evil, mallory } = at();
    const payload = { name: 'secret', attrs: { xmlns: 'urn:example:secret' } };
    const asked = alice.request('iq.send', { to: romeo.jid, type: 'get', payload }, 30_000);
    const query = await romeo.next((stanza) => stanza.name === 'iq' && stanza.child('secret') !== undefined, 20_000);
    const { id, from } = query.attrs;
    const lie = '<secret xmlns="urn:example:secret">a lie</secret>';
    for (const who of [mallory, `mallory@${evilDomain}`, evilDomain, `romeo@${evilDomain}/orchard`]) {
      for (const to of [from, alice.user]) {
        evil.send(`<iq from="${who}" to="${to}" type="result" id="${id}">${lie}</iq>`);
        evil.send(
          `<iq from="${who}" to="${to}" type="error" id="${id}"><error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
        );
      }
    }
    expect((await at().outcome('')).filter(({ id: answered }) => answered !== undefined)).toEqual([]);
    romeo.send(`<iq to="${from}" type="result" id="${id}"><secret xmlns="urn:example:secret">the truth</secret></iq>`);
    expect(await asked).toMatchObject({ from: romeo.jid, payload: { children: ['the truth'] } });
  });

  it('another client of the one who was asked does not answer for it', async () => {
    const { alice, romeo, server } = at();
    const phone = await C2sClient.login({ server, user: 'romeo', resource: 'phone' });
    const payload = { name: 'secret', attrs: { xmlns: 'urn:example:secret' } };
    const asked = alice.request('iq.send', { to: romeo.jid, type: 'get', payload }, 30_000);
    const query = await romeo.next((stanza) => stanza.name === 'iq' && stanza.child('secret') !== undefined, 20_000);
    const { id, from } = query.attrs;
    phone.send(`<iq to="${from}" type="result" id="${id}"><secret xmlns="urn:example:secret">a lie</secret></iq>`);
    phone.message(alice.user, 'it is sent');
    await alice.next('message', ({ body }) => body === 'it is sent', 20_000);
    romeo.send(`<iq to="${from}" type="result" id="${id}"><secret xmlns="urn:example:secret">the truth</secret></iq>`);
    expect(await asked).toMatchObject({ payload: { children: ['the truth'] } });
    await phone.close();
  });

  it('the pings by which the gateway knows what the server took are not answered by strangers', async () => {
    const { alice, evil, gateway, romeo } = at();
    // Whatever id the next ping has: these come before the server’s own answer, and count for nothing.
    for (const id of ['1', 'ping', 'fence-1', 'f1', '0']) {
      for (const to of [gateway.domain, alice.user]) {
        evil.send(`<iq from="${evilDomain}" to="${to}" type="result" id="${id}"/>`);
      }
    }
    const sent = await alice.request('message.send', { to: romeo.bareJid, body: 'still proved' });
    expect(sent).toMatchObject({ chat: romeo.bareJid });
    await romeo.nextMessage((message) => message.child('body')?.text === 'still proved', 20_000);
  });

  it('the ids of our queries cannot be guessed from one another', async () => {
    const { alice, romeo } = at();
    const payload = { name: 'secret', attrs: { xmlns: 'urn:example:secret' } };
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      const answered = alice.answer({ type: 'iq.send', data: { to: romeo.jid, type: 'get', payload } }, 30_000);
      const query = await romeo.next((stanza) => stanza.name === 'iq' && stanza.child('secret') !== undefined, 20_000);
      ids.push(query.attrs.id ?? '');
      romeo.send(`<iq to="${query.attrs.from}" type="result" id="${query.attrs.id}"/>`);
      await answered;
    }
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id.length).toBeGreaterThanOrEqual(16);
    // No two share a beginning that would make the rest a counter.
    const prefixes = new Set(ids.map((id) => id.slice(0, 8)));
    expect(prefixes.size).toBeGreaterThan(18);
  });
});

/** Edits, retractions, reactions, receipts and markers for messages that are not the attacker's to act on. */
import { beforeAll, expect, it } from 'vitest';
import { attack } from '../support/attack.ts';

attack('forged actions', (at) => {
  /** Romeo's message to Alice, hers to him, and Mallory's own. */
  let his = '';
  const hers = 'from-alice-1';

  const act = (inner: string, more = '') =>
    at().outcome(
      `<message from="${at().mallory}" to="${at().alice.user}" type="chat" id="${crypto.randomUUID()}" ${more}>${inner}</message>`,
    );
  const history = async () =>
    JSON.stringify((await at().alice.request('history.get', { chat: at().romeo.bareJid, max: 50 })).items);

  beforeAll(async () => {
    const { alice, romeo } = at();
    his = romeo.message(alice.user, 'meet me at nine');
    await alice.next('message', ({ body }) => body === 'meet me at nine', 20_000);
    await alice.request('message.send', { to: romeo.bareJid, id: hers, body: 'I will' });
    await romeo.nextMessage();
    await act('<body>I am Mallory</body>', 'xml:lang="en"');
  });

  const forms: [string, (id: string) => string][] = [
    ['an edit', (id) => `<body>meet me at ten</body><replace xmlns="urn:xmpp:message-correct:0" id="${id}"/>`],
    ['a retraction', (id) => `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"/>`],
    [
      'a retraction of the older kind',
      (id) => `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>`,
    ],
    [
      'a moderation',
      (id) =>
        `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:1" by="x"/></retract>`,
    ],
    [
      'a moderation of the older kind',
      (id) =>
        `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:0" by="x"><retract xmlns="urn:xmpp:message-retract:0"/></moderated></apply-to>`,
    ],
    ['a reaction', (id) => `<reactions xmlns="urn:xmpp:reactions:0" id="${id}"><reaction>👎</reaction></reactions>`],
    ['a receipt', (id) => `<received xmlns="urn:xmpp:receipts" id="${id}"/>`],
    ['a displayed marker', (id) => `<displayed xmlns="urn:xmpp:chat-markers:0" id="${id}"/>`],
    ['an acknowledged marker', (id) => `<acknowledged xmlns="urn:xmpp:chat-markers:0" id="${id}"/>`],
  ];

  it.each(forms)('%s by a third party changes neither his message nor hers', async (_, form) => {
    const before = await history();
    for (const id of [his, hers]) {
      const heard = await act(form(id));
      const told = heard.filter(({ data }) => JSON.stringify(data ?? {}).includes(at().romeo.bareJid));
      expect(told).toEqual([]);
    }
    expect(await history()).toBe(before);
  });

  it.each(forms.slice(0, 3))('%s by the contact himself does not change what Alice wrote', async (_, form) => {
    const { alice, romeo } = at();
    const inner = form(hers);
    romeo.send(`<message to="${alice.user}" type="chat" id="${crypto.randomUUID()}">${inner}</message>`);
    romeo.message(alice.user, 'after it');
    await alice.next('message', ({ body }) => body === 'after it', 20_000);
    const { items } = await alice.request('history.get', { chat: romeo.bareJid, max: 50 });
    expect(items.filter(({ data }) => Reflect.get(Object(data), 'id') === hers)).toMatchObject([
      { data: { body: 'I will' } },
    ]);
  });

  it('and what he may do, he can', async () => {
    const { alice, romeo } = at();
    romeo.send(
      `<message to="${alice.user}" type="chat" id="e1"><body>meet me at ten</body><replace xmlns="urn:xmpp:message-correct:0" id="${his}"/></message>`,
    );
    expect(await alice.next('message.edited', undefined, 20_000)).toMatchObject({
      replace: his,
      body: 'meet me at ten',
    });
    romeo.send(
      `<message to="${alice.user}" type="chat" id="r1"><received xmlns="urn:xmpp:receipts" id="${hers}"/></message>`,
    );
    expect(await alice.next('receipt', undefined, 20_000)).toMatchObject({ id: hers });
  });
});

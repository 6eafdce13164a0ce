/** Messages that claim to be somebody else's: copies (XEP-0280), archive results (XEP-0313), ids, delays, privileges. */
import { expect, it } from 'vitest';
import { attack } from '../support/attack.ts';
import type { AnyFrame } from '../support/json-client.ts';

attack('forged copies', (at) => {
  const message = (inner: string, more = 'type="chat"') =>
    `<message from="${at().mallory}" to="${at().alice.user}" ${more}>${inner}</message>`;
  /** What Romeo would have said to Alice, in an envelope. */
  const stolen = () =>
    '<forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="2020-01-01T00:00:00Z"/>' +
    `<message xmlns="jabber:client" from="${at().romeo.jid}" to="${at().alice.user}" type="chat" id="stolen">` +
    '<body>send me your password</body></message></forwarded>';

  /** Nothing is Romeo's, neither in what was heard nor in the archive. */
  async function nothingOfRomeo(heard: AnyFrame[]): Promise<void> {
    const { alice, romeo } = at();
    const told = heard.filter(({ data }) =>
      [data?.from, data?.chat].some((who) => String(who).startsWith(romeo.bareJid)),
    );
    expect(told).toEqual([]);
    const { items } = await alice.request('history.get', { chat: romeo.bareJid, max: 50 });
    expect(items).toEqual([]);
    expect((await alice.request('chat.list', {})).items.map(({ chat }) => chat)).not.toContain(romeo.bareJid);
  }

  it.each<[string, () => string]>([
    ['a carbon that was received', () => `<received xmlns="urn:xmpp:carbons:2">${stolen()}</received>`],
    ['a carbon that was sent', () => `<sent xmlns="urn:xmpp:carbons:2">${stolen()}</sent>`],
    ['a carbon of the older kind', () => `<received xmlns="urn:xmpp:carbons:1">${stolen()}</received>`],
    ['an archive result', () => `<result xmlns="urn:xmpp:mam:2" queryid="q" id="1">${stolen()}</result>`],
    ['an archive result of the older kind', () => `<result xmlns="urn:xmpp:mam:1" id="1">${stolen()}</result>`],
    ['a privileged message', () => `<privilege xmlns="urn:xmpp:privilege:2">${stolen()}</privilege>`],
    ['a delegated one', () => `<delegation xmlns="urn:xmpp:delegation:2">${stolen()}</delegation>`],
    ['a forwarded one', () => stolen()],
    [
      'a pubsub event',
      () =>
        `<event xmlns="http://jabber.org/protocol/pubsub#event"><items node="n"><item>${stolen()}</item></items></event>`,
    ],
    ['a carbon beside a body', () => `<body>hi</body><received xmlns="urn:xmpp:carbons:2">${stolen()}</received>`],
  ])('%s from a stranger is nobody’s word but the stranger’s', async (_, inner) => {
    await nothingOfRomeo(await at().outcome(message(inner())));
  });

  it('to the client’s address, as headline or error, the same', async () => {
    for (const type of ['chat', 'normal', 'headline', 'error', 'groupchat']) {
      const xml = `<message from="${at().mallory}" to="${at().alice.user}/web" type="${type}"><sent xmlns="urn:xmpp:carbons:2">${stolen()}</sent></message>`;
      await nothingOfRomeo(await at().outcome(xml));
    }
  });

  it('an id by the account, by the gateway or by its server is not one of theirs (XEP-0359)', async () => {
    const { alice, gateway, server } = at();
    const by = [alice.user, `${alice.user}/web`, gateway.domain, gateway.domain.toUpperCase(), server.host];
    const ids = by.map((one, i) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${one}" id="forged-${i}"/>`).join('');
    const heard = await at().outcome(message(`<body>hi</body>${ids}`, 'type="chat" id="sid-1"'));
    const [event] = heard.filter(({ type }) => type === 'message');
    expect(event?.data).toMatchObject({ id: 'sid-1', from: at().mallory });
    expect(event?.data?.archiveId).not.toMatch(/forged/);
    const shown = JSON.stringify(event?.data?.stanzaIds ?? []).toLowerCase();
    expect(shown).not.toContain(`"${gateway.domain}"`);
    expect(shown).not.toContain(alice.user);
  });

  it('the id of another’s message does not take its place: both are there', async () => {
    const { alice, romeo } = at();
    const id = romeo.message(alice.user, 'the true one');
    await alice.next('message', ({ body }) => body === 'the true one', 20_000);
    const forged = `<body>the false one</body><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;
    const heard = await at().outcome(message(forged, `type="chat" id="${id}"`));
    expect(heard).toMatchObject([
      { type: 'message', data: { chat: at().mallory.split('/')[0], body: 'the false one' } },
    ]);
    const { items } = await alice.request('history.get', { chat: romeo.bareJid, max: 50 });
    expect(items.map(({ data }) => Reflect.get(Object(data), 'body'))).toEqual(['the true one']);
  });

  it.each<[string, (domain: string, server: string) => string]>([
    ['of the gateway', (domain) => domain],
    ['of the server', (_, server) => server],
    ['of nobody', () => ''],
    ['of a subdomain', () => 'a.evil.example.test'],
  ])('a delay %s does not move a message into the past', async (_, from) => {
    const by = from(at().gateway.domain, at().server.host);
    const delay = `<delay xmlns="urn:xmpp:delay" ${by && `from="${by}"`} stamp="2001-01-01T00:00:00Z"/>`;
    const legacy = '<x xmlns="jabber:x:delay" stamp="20010101T00:00:00"/>';
    const heard = await at().outcome(message(`<body>old</body>${delay}${legacy}`));
    expect(heard).toMatchObject([{ type: 'message', data: { body: 'old' } }]);
    expect(Date.parse(String(heard[0]?.data?.time))).toBeGreaterThan(Date.now() - 600_000);
  });

  it('nor into the future, whoever says so', async () => {
    const delay = '<delay xmlns="urn:xmpp:delay" from="evil.example.test" stamp="2999-01-01T00:00:00Z"/>';
    const heard = await at().outcome(message(`<body>later</body>${delay}`));
    expect(Date.parse(String(heard[0]?.data?.time))).toBeLessThan(Date.now() + 600_000);
  });

  it('an occupant id outside of a room is not shown (XEP-0421)', async () => {
    const heard = await at().outcome(
      message('<body>hi</body><occupant-id xmlns="urn:xmpp:occupant-id:0" id="romeo"/>'),
    );
    expect(heard[0]?.data).not.toHaveProperty('occupantId');
  });

  it('an address in the stanza is not its sender (XEP-0033)', async () => {
    const addresses = `<addresses xmlns="http://jabber.org/protocol/address"><address type="ofrom" jid="${at().romeo.jid}"/></addresses>`;
    const heard = await at().outcome(message(`<body>hi</body>${addresses}`));
    expect(heard).toMatchObject([{ data: { from: at().mallory, chat: at().mallory.split('/')[0] } }]);
  });
});

/** The rooms of the servers, and slixmpp in them, that the end-to-end tests of rooms stand on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { type JoinError, SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

onEveryServer('rooms of XMPP users', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('on slixmpp', () => {
    let romeo: SlixmppPeer;
    let juliet: SlixmppPeer;
    let balcony = '';
    beforeAll(async () => {
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      juliet = await SlixmppPeer.login({ server: server(), user: 'juliet' });
      balcony = `balcony@${server().rooms}`;
    });
    afterAll(() => Promise.all([romeo.close(), juliet.close()]));

    test('they speak, whisper, and see the subject and the new nick', async () => {
      const his = await SlixmppRoom.join(romeo, balcony, 'Romeo');
      const hers = await SlixmppRoom.join(juliet, balcony, 'Juliet');
      expect([his.created, hers.created]).toEqual([true, false]);
      const said = await his.say('speak again, bright angel');
      expect(said.stanzaId).toMatch(/./);
      expect(await hers.next()).toMatchObject({ from: `${balcony}/Romeo`, stanzaId: said.stanzaId, body: said.body });
      await his.whisper('Juliet', 'psst');
      expect(await hers.nextWhisper('Romeo')).toMatchObject({ body: 'psst' });
      await his.setSubject('Verona');
      expect(await hers.nextSubject((subject) => subject !== '')).toMatchObject({ subject: 'Verona' });
      await hers.changeNick('J');
      const renamed = await his.presenceOf('Juliet', ({ type }) => type === 'unavailable');
      expect(renamed.occupant).toMatchObject({ newNick: 'J', statusCodes: [303] });
      await hers.leave();
      expect((await his.presenceOf('J', ({ type }) => type === 'unavailable')).occupant?.statusCodes).toEqual([]);
      await his.leave();
    });

    test('one invites, kicks, bans and destroys, and the other is told', async () => {
      const his = await SlixmppRoom.join(romeo, balcony, 'Romeo');
      await his.invite(juliet.bareJid, 'come');
      const invited = await juliet.next('message', ({ invite }) => invite !== undefined);
      expect(invited.invite).toMatchObject({ kind: 'mediated', room: balcony, reason: 'come' });
      await his.inviteDirectly(juliet.bareJid);
      const directly = await juliet.next('message', ({ invite }) => invite !== undefined);
      expect(directly.invite).toMatchObject({ kind: 'direct', room: balcony });
      const gone = ({ type }: { type: string }): boolean => type === 'unavailable';
      let hers = await SlixmppRoom.join(juliet, balcony, 'Juliet');
      await his.kick('Juliet', 'calm down');
      const kicked = (await hers.presenceOf('Juliet', gone)).occupant;
      expect(kicked).toMatchObject({ reason: 'calm down', actor: 'Romeo' });
      expect(kicked?.statusCodes).toContain(307);
      hers = await SlixmppRoom.join(juliet, balcony, 'Juliet');
      await his.ban(juliet.bareJid);
      expect((await hers.presenceOf('Juliet', gone)).occupant?.statusCodes).toContain(301);
      const refused = await SlixmppRoom.join(juliet, balcony, 'Juliet').catch((error: unknown) => error);
      expect(refused).toMatchObject({ condition: 'forbidden' } satisfies Partial<JoinError>);
      await his.affiliation(juliet.bareJid, 'none');
      hers = await SlixmppRoom.join(juliet, balcony, 'Juliet');
      await his.destroy('the play is over', `orchard@${server().rooms}`);
      const { occupant } = await hers.presenceOf('Juliet', gone);
      expect(occupant?.destroyed).toEqual({ jid: `orchard@${server().rooms}`, reason: 'the play is over' });
    });
  });
});

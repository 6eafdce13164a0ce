/** What an XMPP user on slixmpp does about profiles: publish its own, look at those of others. */
import { SlixmppPeer } from './slixmpp.ts';
import type { SlixmppLogin } from './slixmpp-types.ts';

const plugins = ['0030', '0092', '0199', '0115', '0060', '0163', '0084', '0172', '0054'].map((xep) => `xep_${xep}`);

export interface PeerVCard {
  fn: string;
  /** Of the photo: its media type, and base64. */
  type: string;
  photo: string;
}

export class SlixmppProfile {
  readonly peer: SlixmppPeer;

  private constructor(peer: SlixmppPeer) {
    this.peer = peer;
  }

  /** Logs in as a client that wants to be told of these nodes. */
  static async login(login: SlixmppLogin, nodes: readonly string[]): Promise<SlixmppProfile> {
    const peer = await SlixmppPeer.login({ ...login, plugins, presence: false });
    await peer.roster();
    await peer.call('interest', { nodes });
    await peer.presence();
    await peer.next('presence', ({ from }) => from === peer.jid);
    return new SlixmppProfile(peer);
  }

  /** The next notification of that account's node: the whole stanza. */
  async notified(from: string, node: string, timeoutMs = 10_000): Promise<string> {
    const fits = (xml: string) =>
      xml.includes('pubsub#event') && (xml.includes(`"${node}"`) || xml.includes(`'${node}'`));
    return (await this.peer.next('message', (each) => each.from === from && fits(each.xml), timeoutMs)).xml;
  }

  publishAvatar(image: Uint8Array, type: string, width: number, height: number): Promise<unknown> {
    return this.peer.call('avatarPublish', { data: Buffer.from(image).toString('base64'), type, width, height });
  }

  stopAvatar(): Promise<unknown> {
    return this.peer.call('avatarStop', {});
  }

  async avatar(jid: string, id: string): Promise<Buffer> {
    return Buffer.from((await this.peer.call<{ data: string }>('avatarGet', { jid, id })).data, 'base64');
  }

  publishNick(nick: string): Promise<unknown> {
    return this.peer.call('nickPublish', { nick });
  }

  vcard(jid: string): Promise<PeerVCard> {
    return this.peer.call('vcardGet', { jid });
  }

  publishVCard(fn: string, email: string, photo?: Uint8Array): Promise<unknown> {
    const image = photo && { photo: Buffer.from(photo).toString('base64'), type: 'image/png' };
    return this.peer.call('vcardPublish', { fn, email, ...image });
  }
}

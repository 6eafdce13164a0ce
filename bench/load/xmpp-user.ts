/** A user of the XMPP server: a c2s connection (RFC 6120) by hand. */
import { body, messageId } from './content.ts';
import type { Load } from './loops.ts';
import { numbersBehind, Wire } from './wire.ts';

export class XmppUser {
  readonly jid: string;
  readonly wire: Wire;

  /** Resolves when the user is available. */
  static async login(server: { host: string; c2sPort: number; password: string }, user: string): Promise<XmppUser> {
    const wire = await Wire.open(server.c2sPort);
    const header =
      `<?xml version="1.0"?><stream:stream to="${server.host}" version="1.0" xmlns="jabber:client"` +
      ' xmlns:stream="http://etherx.jabber.org/streams">';
    const plain = Buffer.from(`\0${user}\0${server.password}`).toString('base64');
    await wire.ask(header, /<\/stream:features>/);
    await wire.ask(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${plain}</auth>`, /<success/);
    await wire.ask(header, /<\/stream:features>/);
    const bind = '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>bench</resource></bind>';
    await wire.ask(`<iq type="set" id="bind">${bind}</iq>`, /<jid>/);
    await wire.ask('<presence/>', /<presence/);
    return new XmppUser(`${user}@${server.host}`, wire);
  }

  private constructor(jid: string, wire: Wire) {
    this.jid = jid;
    this.wire = wire;
  }

  /** Reports messages to the load. */
  listen(load: Load): void {
    this.wire.listen(
      numbersBehind('<body>', (number) => load.arrived(number)),
      (why) => load.failed(why),
    );
  }

  send(to: string, numbers: readonly number[]): void {
    let text = '';
    for (const number of numbers) {
      text += `<message to="${to}" id="${messageId(number)}" type="chat"><body>${body(number)}</body></message>`;
    }
    this.wire.write(text);
  }
}

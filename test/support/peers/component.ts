/** A bare component stream (XEP-0114), for what the gateway itself would never send. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Inbox } from './inbox.ts';
import { streamReader, type XmlNode } from './xml.ts';

export interface RawComponent {
  /** `<handshake/>`, or the error. */
  answer: XmlNode;
  send: (xml: string) => void;
  /** Takes the next stanza that matches. */
  next: (matches?: (stanza: XmlNode) => boolean) => Promise<XmlNode>;
  /** Takes all that came and was not awaited. */
  take: () => XmlNode[];
  end: () => void;
}

export async function shakeHands(where: { port: number; domain: string; secret: string }): Promise<RawComponent> {
  const socket = connect({ port: where.port, host: '127.0.0.1', noDelay: true }).setEncoding('utf8');
  const inbox = new Inbox<XmlNode>(String);
  const read = streamReader({
    open: ({ attrs }) => {
      const digest = createHash('sha1').update(`${attrs.id}${where.secret}`).digest('hex');
      socket.write(`<handshake>${digest}</handshake>`);
    },
    stanza: (stanza) => inbox.push(stanza),
    close: () => socket.end(),
  });
  socket.on('data', (text) => read(String(text)));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const namespaces = 'xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams"';
  socket.write(`<stream:stream ${namespaces} to="${where.domain}">`);
  return {
    answer: await inbox.next(),
    send: (xml) => void socket.write(xml),
    next: (matches) => inbox.next(matches),
    take: () => inbox.take(),
    end: () => void socket.destroy(),
  };
}

/** The parts of the xmpp.js packages that the link uses; they ship no types of their own. */
declare module '@xmpp/component' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  type Element = import('./element.ts').Element;
  const Element: new (name: string, attrs?: Record<string, string | undefined> | string) => Element;

  export class Parser extends EventEmitter {
    root: Element | null;
    /** The element that is open. */
    cursor: Element | null;
    write(data: string): void;
  }

  /** `Connection` of @xmpp/connection, as far as XEP-0114 needs it. */
  export class Component extends EventEmitter {
    parser: Parser | null;
    timeout: number;
    open(options: { domain: string; timeout?: number }): Promise<Element>;
    _attachSocket(socket: Socket): void;
    _onData(data: string | Buffer): void;
    _onParserError(error: Error): void;
    _onElement(element: Element): void;
  }

  export function component(options: {
    service: string;
    domain: string;
    password: string | ((authenticate: (secret: string) => Promise<void>) => Promise<void>);
  }): Component & { reconnect: { stop(): void } };

  export const xml: {
    (name: string, attrs?: Record<string, string | undefined> | null, ...children: (Element | string)[]): Element;
    Element: typeof Element;
    Parser: typeof Parser;
  };
}

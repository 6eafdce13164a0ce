/** A gateway that is wrong in one thing: a proxy before a right one, which changes what passes. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { subprotocol } from '../../src/protocol/frames.ts';
import { isObject } from '../../src/protocol/parse.ts';

export type Json = Record<string, unknown>;

/** What is changed; what is absent passes as it is. A list of frames goes out one by one. */
export interface Mutation {
  /** A frame of the gateway; `asked` is the type of the request that it answers. */
  readonly toClient?: (frame: Json, asked: string | undefined) => Json | Json[];
  readonly toGateway?: (frame: Json) => Json;
  /** The text of a frame of the gateway, at the very end. */
  readonly text?: (text: string) => string;
  readonly closeCode?: (code: number) => number;
  /** Of those that are offered. */
  readonly subprotocol?: (offered: string[]) => string | undefined;
}

export class MutatingProxy {
  readonly url: string;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer, path: string) {
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    this.#server = server;
  }

  static async start(target: string, mutation: Mutation): Promise<MutatingProxy> {
    const choose = mutation.subprotocol ?? right;
    const handleProtocols = (offered: Set<string>) => choose([...offered]) ?? false;
    const { pathname } = new URL(target);
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: pathname, handleProtocols });
    server.on('connection', (client, { headers }) => relay(client, target, headers, mutation));
    await once(server, 'listening');
    return new MutatingProxy(server, pathname);
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function right(offered: string[]): string | undefined {
  return offered.find((one) => one === subprotocol) ?? offered[0];
}

function relay(client: WebSocket, target: string, headers: NodeJS.Dict<string | string[]>, mutation: Mutation): void {
  const asked = new Map<unknown, string>();
  const { authorization, 'sec-websocket-protocol': protocols } = headers;
  const offered = typeof protocols === 'string' ? protocols.split(/, */) : [];
  const gateway = new WebSocket(
    target,
    offered,
    typeof authorization === 'string' ? { headers: { authorization } } : {},
  );
  const early: [RawData, boolean][] = [];
  const forward = (data: RawData, binary: boolean): void =>
    gateway.send(binary ? data : changed(textOf(data), mutation, asked), { binary });
  client.on('message', (data, binary) => {
    if (gateway.readyState === WebSocket.OPEN) forward(data, binary);
    else early.push([data, binary]);
  });
  gateway.on('open', () => {
    for (const [data, binary] of early.splice(0)) forward(data, binary);
  });
  gateway.on('message', (data) => {
    for (const frame of [JSON.parse(textOf(data))].flat() as Json[]) {
      const type = asked.get(frame.id);
      for (const out of [mutation.toClient?.(frame, type) ?? frame].flat()) {
        const text = JSON.stringify(out);
        client.send(mutation.text?.(text) ?? text);
      }
    }
  });
  pass(client, gateway, (code) => code);
  pass(gateway, client, mutation.closeCode ?? ((code) => code));
}

function pass(from: WebSocket, to: WebSocket, change: (code: number) => number): void {
  from.on('error', () => to.terminate());
  from.on('close', (code) => {
    const sent = change(code);
    if (to.readyState === WebSocket.CONNECTING) to.terminate();
    else if (sent === 1005 || sent === 1006) to.terminate();
    else to.close(sent);
  });
}

/** ws gives one Buffer unless its binaryType is changed. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}

function changed(text: string, { toGateway }: Mutation, asked: Map<unknown, string>): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(json)) return text;
  if (json.id !== undefined) asked.set(json.id, String(json.type));
  return toGateway ? JSON.stringify(toGateway(json)) : text;
}

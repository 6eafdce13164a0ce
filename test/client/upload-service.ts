/** An upload service that does what a test says: a real HTTP server on a free port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export class UploadService {
  readonly received: Received[] = [];
  /** Instead of taking the next files: one handler a request. */
  readonly instead: Handler[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const handler = this.instead.shift() ?? ((one, answer) => this.#take(one, answer));
      handler(request, response);
    });
  }

  static async start(): Promise<UploadService> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new UploadService(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a slot's answer says. */
  slot(path: string): object {
    return {
      put: { url: `${this.url}/put/${path}`, headers: { Authorization: `Bearer ${path}` } },
      get: { url: `${this.url}/get/${path}` },
    };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      this.received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(201).end();
    });
  }
}

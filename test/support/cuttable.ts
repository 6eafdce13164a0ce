/** A network between the gateway and a server, which can be cut and mended, and can lose what is on it. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Cuttable {
  port = 0;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #listener: Server = createServer((inside) => this.#join(inside));
  #isCut = false;

  /** Forwards to that port of this machine. */
  static async to(target: number): Promise<Cuttable> {
    const network = new Cuttable(target);
    await new Promise<void>((resolve) => network.#listener.listen(0, '127.0.0.1', resolve));
    const address = network.#listener.address();
    network.port = typeof address === 'object' && address ? address.port : 0;
    return network;
  }

  private constructor(target: number) {
    this.#target = target;
  }

  /** Every connection ends without a word, and no new one comes about. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /**
   * What is written from now on to the connections that are there is lost, and nobody is told; new ones work. Returns what
   * tells whether all of them have been given up by a side.
   */
  swallow(): () => boolean {
    const lost = [...this.#sockets];
    for (const one of lost) {
      one.unpipe();
      one.resume();
    }
    return () => lost.every(({ destroyed }) => destroyed);
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#listener.close();
  }

  #join(inside: Socket): void {
    if (this.#isCut) {
      inside.destroy();
      return;
    }
    const outside = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    inside.pipe(outside).pipe(inside);
    for (const one of [inside, outside]) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        inside.destroy();
        outside.destroy();
      });
    }
  }
}

/**
 * Loaded with --import before src/main.ts: puts a gateway in the place of the real one that does what FAKE_GATEWAY says,
 * to see how the process ends when a gateway misbehaves.
 */
import { registerHooks } from 'node:module';

const fake = `
const wishes = {
  hang: { stop: () => new Promise(() => {}) },
  crash: { started: () => setImmediate(() => { throw new Error('planted bug') }) },
  reject: { started: () => setImmediate(() => Promise.reject(new Error('planted bug'))) },
  stopFails: { stop: () => Promise.reject(new Error('planted bug')) },
};
const wish = wishes[process.env.FAKE_GATEWAY];
export async function createGateway() {
  const alive = setInterval(() => {}, 1000);
  return {
    async start() { wish.started?.(); return { publicPort: 1, internalPort: 2 } },
    over: new Promise(() => {}),
    async stop() { await wish.stop?.() },
  };
}`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === './gateway.ts'
      ? { url: `data:text/javascript,${encodeURIComponent(fake)}`, shortCircuit: true }
      : next(specifier, context),
});

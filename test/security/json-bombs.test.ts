/** JSON that is small on the wire and large in a parser: depth, keys, numbers, lists, and texts of every bad kind. */
import { expect, it } from 'vitest';
import { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene();
const repeat = (text: string, times: number): string => text.repeat(times);
const ping = (data: string): string => `{"type":"ping","id":"bomb","data":${data}}`;

it.each<[string, string]>([
  ['30,000 lists in each other', ping(`{"x":${repeat('[', 30_000)}${repeat(']', 30_000)}}`)],
  ['10,000 objects in each other', ping(`${repeat('{"a":', 10_000)}1${repeat('}', 10_000)}`)],
  ['lists that are never closed', repeat('[', 60_000)],
  ['objects that are never closed', repeat('{"a":', 12_000)],
  ['10,000 keys', ping(`{${Array.from({ length: 7000 }, (_, i) => `"k${i}":1`).join(',')}}`)],
  ['the same key again and again', ping(`{${repeat('"a":1,', 9000)}"a":1}`)],
  ['keys that are numbers', ping(`{${Array.from({ length: 4000 }, (_, i) => `"${4_294_967_290 - i}":1`).join(',')}}`)],
  ['a list index that is huge', ping('{"4294967295":1,"x":{"length":4294967295}}')],
  ['a key of 60,000 characters', ping(`{"${repeat('k', 60_000)}":1}`)],
  ['a number of 60,000 digits', ping(`{"n":${repeat('9', 60_000)}}`)],
  ['a number beyond all bounds', ping('{"n":1e999999,"m":-1e999999}')],
  ['a number that is almost nothing', ping(`{"n":0.${repeat('0', 50_000)}1}`)],
  ['30,000 empty lists', ping(`{"x":[${repeat('[],', 20_000)}[]]}`)],
  ['a batch of batches', `[${repeat('[{"type":"ping"}],', 1000)}[]]`],
  ['a batch of 20,000 nothings', `[${repeat('0,', 20_000)}0]`],
  ['a text of 10,000 escapes', ping(`{"x":"${repeat('\\u0041', 10_000)}"}`)],
  ['half surrogates', ping(`{"x":"${repeat('\\ud800', 10_000)}"}`)],
  ['zeros', ping(`{"x":"${repeat('\\u0000', 10_000)}"}`)],
  ['white space and nothing else', repeat(' ', 65_000)],
  ['white space around a frame', `${repeat(' ', 30_000)}{"type":"ping","id":"bomb"}${repeat('\n', 30_000)}`],
  [
    'a wrong field in 1,000 elements',
    `{"type":"message.send","id":"bomb","data":{"to":"a@b","extra":[${repeat('{"name":"a","children":["x"]},', 1500)}7]}}`,
  ],
])('%s is answered with little, or closed, and others are served', async (_, text) => {
  const [mallory, alice] = [await at.gateway.login('mallory'), await at.gateway.login('alice')];
  mallory.send(text);
  const answered = mallory.inbox
    .next(({ id }) => id === 'bomb', 20_000)
    .then(
      (frame) => JSON.stringify(frame).length,
      () => 0,
    );
  const size = await Promise.race([answered, mallory.closed.then(() => 0)]);
  // What comes back is no echo of what went in.
  expect(size).toBeLessThan(2000);
  await alice.request('message.send', { to: 'romeo@example.com', body: 'still here' });
  await Promise.all([mallory.close(), alice.close()]);
});

it('before connect the first frame is small, whatever it holds', async () => {
  const client = await JsonClient.open(at.gateway.url);
  client.send(repeat('[', 16 * 1024 + 1));
  expect(await client.closed).toBe(1009);
});

it('a bomb in connect is a wrong field, or the end of that socket', async () => {
  for (const data of [
    repeat('{"a":', 3000),
    `{"token":${repeat('[', 5000)}${repeat(']', 5000)}}`,
    '{"features":[[[[]]]]}',
  ]) {
    const client = await JsonClient.open(at.gateway.url);
    client.send(`{"type":"connect","id":1,"data":${data}}`);
    const outcome = await Promise.race([client.inbox.next(({ id }) => id === 1).catch(() => undefined), client.closed]);
    expect(typeof outcome === 'number' ? outcome : outcome?.error?.code).toSatisfy(
      (found: unknown) => found === 4000 || found === 'bad-request' || found === undefined,
    );
    client.ws.terminate();
    await client.closed;
  }
});

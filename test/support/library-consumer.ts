/** A program that uses the client library's types: what is right compiles, what is wrong does not. */
export const consumer = `
import { type Chat, ClientError, connect, type EventData, type Message, type RequestData, type RequestResult } from 'stanzawire/client';
import { indexedDbOutbox } from 'stanzawire/client/indexed-db';
import { createState } from 'stanzawire/client/state';
import { upload } from 'stanzawire/client/upload';

const chat = connect({ url: 'wss://chat.example.com/ws', token: async () => 'token', want: ['contacts'] });
const off: () => void = chat.on('message', (message: Message) => message.body?.toUpperCase());
chat.on('receipt', ({ status }) => status === 'displayed');
chat.on('status', ({ retryInMs }) => (retryInMs ?? 0) > 0);
// @ts-expect-error no such event
chat.on('massage', () => undefined);
export async function all(): Promise<Chat[]> {
  const sent = await chat.send({ to: 'bob@example.com', body: 'hi' });
  const id: string = sent.id;
  // @ts-expect-error to is required
  chat.send({ body: id });
  const page = await chat.request('chat.list', { max: 10 });
  // @ts-expect-error no such field
  await chat.request('chat.list', { maximum: 10 });
  // @ts-expect-error no such request
  await chat.request('chat.liszt', {});
  const nothing: undefined = await chat.request('contact.remove', { jid: 'bob@example.com' });
  for await (const event of chat) {
    if (event.type === 'typing') return [{ ...page.items[0]!, name: event.data.state }];
  }
  return nothing ?? page.items;
}
try {
  off();
} catch (error) {
  if (error instanceof ClientError && error.code === 'rate-limited') error.retry;
}
const state = createState(chat);
// What is uploaded is what a message takes, field by field.
const file = await upload(chat, new Uint8Array(3), { name: 'a.txt', onProgress: ({ loaded, total }) => loaded < total });
await chat.send({ to: 'bob@example.com', files: [{ ...file, width: 1 }] });
// @ts-expect-error a page that is no file
upload(chat, 'text');
connect({ url: 'wss://chat.example.com/ws', outbox: indexedDbOutbox('alice') });
// The wire's types are the library's: one declaration, made of the schema.
const sent: EventData<'message'> = {} as Message;
const asked: RequestData<'history.get'> = { chat: 'bob@example.com', max: 1 };
const page: Promise<RequestResult<'history.get'>> = chat.request('history.get', asked);
// @ts-expect-error the schema says what a presence may show
chat.request('presence.set', { show: 'busy' });
void [sent, page];
state.subscribe(() => state.getSnapshot().messages['bob@example.com']?.[0]?.status === 'pending');
`;

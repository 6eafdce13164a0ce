/** A contact: what they say of themselves, what the user calls them, and the ways to let go of them. */
import { useState } from 'preact/hooks';
import { local, showNames, showOf, useChatName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';
import { ChatOptions } from './chat-options.tsx';

const subscriptions = {
  both: 'You see when each other is online',
  to: 'You see when they are online; they do not see you',
  from: 'They see when you are online; you do not see them',
  none: 'Neither sees when the other is online',
};

export function ContactDetails({ jid, chat }: { readonly jid: string; readonly chat: string }) {
  const { client } = useSession();
  const views = useViews();
  const name = useChatName(chat);
  const contact = useChat((snapshot) => snapshot.contacts[jid]);
  const block = async (): Promise<void> => {
    if (await views.attempt(client.request('block.add', { jids: [jid] }), `${name} is blocked`)) views.open(undefined);
  };
  const remove = async (): Promise<void> => {
    if (await views.attempt(client.request('contact.remove', { jid }), `${name} is no contact any more`))
      views.change({ details: false });
  };
  return (
    <>
      <div class="portrait">
        <Avatar jid={jid} name={name} size="huge" show={contact && showOf(contact.presence)} />
        <h3>{name}</h3>
        <p class="soft address">{jid}</p>
        {contact && (
          <p>{[showNames[showOf(contact.presence)], contact.presence?.status].filter(Boolean).join(' · ')}</p>
        )}
      </div>
      <ChatOptions chat={chat} />
      {contact ? (
        <>
          <Rename jid={jid} name={contact.name ?? ''} />
          <p class="soft">
            {contact.ask ? 'They have not answered your request yet.' : subscriptions[contact.subscription]}
          </p>
          {contact.subscription !== 'both' && !contact.ask && (
            <button type="button" onClick={() => void views.attempt(client.request('contact.add', { jid }), 'Asked')}>
              <Icon name="people" />
              Ask again
            </button>
          )}
          <div class="column">
            <button type="button" class="danger" onClick={() => void remove()}>
              <Icon name="trash" />
              Remove {name}
            </button>
            <button type="button" class="danger" onClick={() => void block()}>
              <Icon name="ban" />
              Block {name}
            </button>
          </div>
        </>
      ) : (
        <div class="column">
          <button
            type="button"
            class="primary"
            onClick={() => void views.attempt(client.request('contact.add', { jid }), `${local(jid)} was asked`)}
          >
            <Icon name="add" />
            Add to contacts
          </button>
          <button type="button" class="danger" onClick={() => void block()}>
            <Icon name="ban" />
            Block {name}
          </button>
        </div>
      )}
    </>
  );
}

function Rename({ jid, name }: { readonly jid: string; readonly name: string }) {
  const { client } = useSession();
  const views = useViews();
  const [text, setText] = useState(name);
  const save = (event: Event): void => {
    event.preventDefault();
    void views.attempt(client.request('contact.set', { jid, name: text.trim() }), 'Saved');
  };
  return (
    <form onSubmit={save}>
      <label>
        What you call them
        <span class="row">
          <input value={text} maxLength={200} onInput={({ currentTarget }) => setText(currentTarget.value)} />
          <button type="submit" disabled={text.trim() === name}>
            Save
          </button>
        </span>
      </label>
    </form>
  );
}

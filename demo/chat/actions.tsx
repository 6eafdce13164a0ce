/** What can be done with a message. */
import type { ShownMessage } from 'stanzawire/client/state';
import { bare } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { useViews } from '../ui/view.ts';
import { type About, isEditable } from './about.ts';
import { quickReactions } from './emoji.ts';
import { react } from './reactions.tsx';

interface Props {
  readonly message: ShownMessage;
  readonly onAbout: (about: About) => void;
}

export function Actions({ message, onAbout }: Props) {
  return (
    <div class="actions">
      <Menu icon="more" label="Message actions" tabIndex={-1}>
        {(close) => <Choices message={message} onAbout={onAbout} close={close} />}
      </Menu>
    </div>
  );
}

function Choices({ message, onAbout, close }: Props & { readonly close: () => void }) {
  const { client, state } = useSession();
  const views = useViews();
  const room = useChat((snapshot) => snapshot.rooms[bare(message.chat)]);
  const { id, chat: to, body, outgoing, draft } = message;
  const may = (feature: string): boolean => room === undefined || room.features.includes(feature);
  const close_ = (action: () => void) => () => {
    close();
    action();
  };
  const begin = (kind: About['kind']) => close_(() => onAbout({ kind, message }));
  const copy = close_(() => void views.attempt(navigator.clipboard.writeText(body ?? ''), 'Copied'));
  const retract = close_(() => void views.attempt(client.request('message.retract', { to, id })));
  const moderate = close_(() => void views.attempt(client.request('message.moderate', { room: to, id })));
  const canModerate = room?.role === 'moderator' && room.features.includes('moderation') && !outgoing;
  return (
    <>
      {!draft && may('stanzaId') && (
        <fieldset class="quick">
          <legend class="hidden">React</legend>
          {quickReactions.map(([emoji, name]) => (
            <button
              key={emoji}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-label={`React with ${name}`}
              onClick={close_(() => void views.attempt(react(client, state.getSnapshot(), message, emoji)))}
            >
              {emoji}
            </button>
          ))}
        </fieldset>
      )}
      {!draft && may('stanzaId') && (
        <MenuItem icon="reply" onClick={begin('reply')}>
          Reply
        </MenuItem>
      )}
      {isEditable(message) && (
        <MenuItem icon="edit" onClick={begin('edit')}>
          Edit
        </MenuItem>
      )}
      {body && (
        <MenuItem icon="copy" onClick={copy}>
          Copy text
        </MenuItem>
      )}
      {outgoing && !draft && (
        <MenuItem icon="trash" danger onClick={retract}>
          Delete for everybody
        </MenuItem>
      )}
      {canModerate && (
        <MenuItem icon="trash" danger onClick={moderate}>
          Remove for everybody
        </MenuItem>
      )}
    </>
  );
}

/** Who wants to see the user, and where they are invited: each is to be answered. */
import { bare, chatName, local, resource } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Avatar } from '../ui/avatar.tsx';
import { useViews } from '../ui/view.ts';

export function Requests() {
  const requests = useChat((snapshot) => snapshot.requests);
  const invites = useChat((snapshot) => snapshot.invites);
  const total = Object.keys(requests).length + Object.keys(invites).length;
  if (total === 0) return null;
  return (
    <section aria-labelledby="requests-title">
      <h2 id="requests-title" class="list-title">
        Waiting for you
      </h2>
      <ul class="requests">
        {Object.values(requests).map(({ jid, nick, message }) => (
          <ContactRequest key={jid} jid={jid} nick={nick} message={message} />
        ))}
        {Object.values(invites).map(({ room, from, reason, password }) => (
          <Invitation key={room} room={room} from={from} reason={reason} password={password} />
        ))}
      </ul>
    </section>
  );
}

interface RequestProps {
  readonly jid: string;
  readonly nick: string | undefined;
  readonly message: string | undefined;
}

function ContactRequest({ jid, nick, message }: RequestProps) {
  const { client } = useSession();
  const views = useViews();
  const name = nick || local(jid);
  // Who lets somebody in mostly wants to see them too.
  const accept = async (): Promise<void> => {
    if (await views.attempt(client.request('contact.add', { jid }), `${name} is a contact now`)) views.open(jid);
  };
  return (
    <li class="request">
      <Avatar jid={jid} name={name} />
      <div>
        <p>
          <strong>{name}</strong> wants to see when you are online
        </p>
        <p class="soft">{message || jid}</p>
        <div class="row">
          <button type="button" class="primary small" onClick={() => void accept()}>
            Accept
          </button>
          <button
            type="button"
            class="small"
            onClick={() => void views.attempt(client.request('contact.deny', { jid }))}
          >
            Refuse
          </button>
          <button
            type="button"
            class="small danger"
            onClick={() => void views.attempt(client.request('block.add', { jids: [jid] }), `${jid} is blocked`)}
          >
            Block
          </button>
        </div>
      </div>
    </li>
  );
}

interface InvitationProps {
  readonly room: string;
  readonly from: string | undefined;
  readonly reason: string | undefined;
  readonly password: string | undefined;
}

function Invitation({ room, from, reason, password }: InvitationProps) {
  const { client, people } = useSession();
  const views = useViews();
  const all = useStore(people, (value) => value);
  const inviter = useChat((snapshot) => {
    // Rooms that keep addresses to themselves name the occupant.
    if (from === undefined || bare(from) === room) return resource(from ?? '') || 'Somebody';
    return chatName(snapshot, all, bare(from));
  });
  const join = async (): Promise<void> => {
    const secret = password === undefined ? {} : { password };
    if (await views.attempt(client.request('room.join', { room, ...secret, history: { max: 0 } }))) views.open(room);
  };
  return (
    <li class="request">
      <Avatar jid={room} name={local(room)} room />
      <div>
        <p>
          <strong>{inviter}</strong> invites you to <strong>{local(room)}</strong>
        </p>
        <p class="soft">{reason || room}</p>
        <div class="row">
          <button type="button" class="primary small" onClick={() => void join()}>
            Join
          </button>
          <button
            type="button"
            class="small"
            onClick={() => void views.attempt(client.request('room.decline', { room }))}
          >
            Decline
          </button>
        </div>
      </div>
    </li>
  );
}

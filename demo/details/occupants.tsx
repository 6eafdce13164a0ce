/** Who is in a room: moderators first. Each may be written to alone. */
import type { Occupant } from 'stanzawire/client';
import { useChat } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { useViews } from '../ui/view.ts';

const none: Readonly<Record<string, Occupant>> = {};
const ranks = ['moderator', 'participant', 'visitor', 'none'];
/** More are only counted. */
const mostShown = 200;

export function Occupants({ room }: { readonly room: string }) {
  const occupants = useChat((snapshot) => snapshot.occupants[room] ?? none);
  const all = Object.values(occupants).toSorted(
    (a, b) => ranks.indexOf(a.role) - ranks.indexOf(b.role) || a.nick.localeCompare(b.nick),
  );
  return (
    <section aria-labelledby="occupants-title">
      <h3 id="occupants-title">In the room ({all.length})</h3>
      <ul class="occupants">
        {all.slice(0, mostShown).map((occupant) => (
          <Item key={occupant.nick} occupant={occupant} />
        ))}
      </ul>
      {all.length > mostShown && <p class="soft">and {all.length - mostShown} more</p>}
    </section>
  );
}

function Item({ occupant: { room, nick, role, affiliation, self, show, status } }: { readonly occupant: Occupant }) {
  const views = useViews();
  const jid = `${room}/${nick}`;
  const what = affiliation === 'owner' || affiliation === 'admin' ? affiliation : role === 'participant' ? '' : role;
  const face = <Avatar jid={jid} name={nick} size="small" show={show ?? 'online'} />;
  const words = (
    <span class="occupant-name">
      {nick}
      {self && <span class="soft"> (you)</span>}
      {status && <span class="occupant-status">{status}</span>}
    </span>
  );
  return (
    <li>
      {self ? (
        <span class="occupant">
          {face}
          {words}
          {what && <span class="tag">{what}</span>}
        </span>
      ) : (
        <button type="button" class="occupant" title={`Write to ${nick} alone`} onClick={() => views.open(jid)}>
          {face}
          {words}
          {what && <span class="tag">{what}</span>}
        </button>
      )}
    </li>
  );
}

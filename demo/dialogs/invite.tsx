/** Invites somebody to a room: a contact, or any address. */
import { useState } from 'preact/hooks';
import { chatName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Dialog, DialogEnd } from '../ui/dialog.tsx';
import { fieldsOf } from '../ui/form.ts';
import { explain, useViews } from '../ui/view.ts';

export function InviteDialog({ room, onClose }: { readonly room: string; readonly onClose: () => void }) {
  const { client, people } = useSession();
  const views = useViews();
  const all = useStore(people, (value) => value);
  const snapshot = useChat((value) => value);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: SubmitEvent): Promise<void> => {
    const field = fieldsOf(event);
    const [jid, reason] = [field('jid'), field('reason')];
    try {
      await client.request('room.invite', { room, jid, ...(reason ? { reason } : {}) });
      views.note(`${jid} is invited`);
      onClose();
    } catch (error) {
      setProblem(explain(error));
    }
  };
  return (
    <Dialog title={`Invite to ${chatName(snapshot, all, room)}`} onClose={onClose}>
      <form class="column" onSubmit={(event) => void submit(event)}>
        <label>
          Whom
          <input name="jid" required list="contacts" placeholder="name@example.com" autocomplete="off" />
        </label>
        <datalist id="contacts">
          {Object.keys(snapshot.contacts).map((jid) => (
            <option key={jid} value={jid}>
              {chatName(snapshot, all, jid)}
            </option>
          ))}
        </datalist>
        <label>
          Why (optional)
          <input name="reason" maxLength={300} />
        </label>
        <DialogEnd problem={problem} submit="Invite" onClose={onClose} />
      </form>
    </Dialog>
  );
}

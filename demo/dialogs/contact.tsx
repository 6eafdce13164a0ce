/** Adds a contact by address, on any XMPP server. */
import { useState } from 'preact/hooks';
import { useChat, useSession } from '../session.ts';
import { Dialog, DialogEnd } from '../ui/dialog.tsx';
import { fieldsOf } from '../ui/form.ts';
import { explain, useViews } from '../ui/view.ts';

export function ContactDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useSession();
  const views = useViews();
  const user = useChat((snapshot) => snapshot.user);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: SubmitEvent): Promise<void> => {
    const [jid, name, message] = ['jid', 'name', 'message'].map(fieldsOf(event));
    if (!jid) return;
    try {
      const words = { ...(name ? { name } : {}), ...(message ? { message } : {}) };
      const contact = await client.request('contact.add', { jid, ...words });
      views.note(`${jid} was asked`);
      views.open(contact.jid);
    } catch (error) {
      setProblem(explain(error));
    }
  };
  return (
    <Dialog title="Add a contact" onClose={onClose}>
      <form class="column" onSubmit={(event) => void submit(event)}>
        <label>
          Address
          <input name="jid" required placeholder="name@example.com" autocomplete="off" spellcheck={false} />
        </label>
        <p class="hint">Any XMPP user, and every web user of this gateway. You are {user}.</p>
        <label>
          Name, as you want to see it (optional)
          <input name="name" maxLength={200} autocomplete="off" />
        </label>
        <label>
          A few words for them (optional)
          <input name="message" maxLength={300} />
        </label>
        <DialogEnd problem={problem} submit="Add" onClose={onClose} />
      </form>
    </Dialog>
  );
}

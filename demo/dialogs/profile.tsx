/** Picture, name and status: what contacts see of the user. */
import { useRef, useState } from 'preact/hooks';
import { local } from '../names.ts';
import { useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Avatar } from '../ui/avatar.tsx';
import { useViews } from '../ui/view.ts';

export function ProfileForm({ user }: { readonly user: string }) {
  const { client, people, availability } = useSession();
  const views = useViews();
  const person = useStore(people, (all) => all[user]);
  const [nick, setNick] = useState(person?.nick ?? '');
  const [status, setStatus] = useState(() => availability.getSnapshot().status ?? '');
  const picker = useRef<HTMLInputElement>(null);
  const setProfile = async (part: { nick?: string; avatar?: false | { data: string } }): Promise<void> => {
    const request = client.request('profile.set', part).then((profile) => people.learn(user, profile));
    await views.attempt(request, 'Saved');
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const data = await square(file).catch(() => undefined);
    if (data === undefined) views.note('That is no image', true);
    else await setProfile({ avatar: { data } });
  };
  const save = (event: Event): void => {
    event.preventDefault();
    void setProfile({ nick: nick.trim() });
    const text = status.trim();
    const { status: before = '', ...rest } = availability.getSnapshot();
    if (text !== before) void views.attempt(availability.set(text === '' ? rest : { ...rest, status: text }));
  };
  return (
    <form class="profile" onSubmit={save}>
      <div class="column center">
        <Avatar jid={user} name={person?.nick ?? local(user)} size="huge" />
        <button type="button" class="small" onClick={() => picker.current?.click()}>
          Change picture
        </button>
        {person?.avatarUrl !== undefined && (
          <button type="button" class="small" onClick={() => void setProfile({ avatar: false })}>
            Remove picture
          </button>
        )}
        <input
          ref={picker}
          class="hidden"
          type="file"
          accept="image/*"
          tabIndex={-1}
          aria-label="Picture"
          onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
        />
      </div>
      <div class="column">
        <p class="soft address">{user}</p>
        <label>
          Name
          <input
            value={nick}
            maxLength={255}
            dir="auto"
            onInput={({ currentTarget }) => setNick(currentTarget.value)}
          />
        </label>
        <label>
          Status
          <input
            value={status}
            maxLength={300}
            dir="auto"
            placeholder="What are you up to?"
            onInput={({ currentTarget }) => setStatus(currentTarget.value)}
          />
        </label>
        <div class="row">
          <button type="submit" class="primary">
            Save
          </button>
        </div>
      </div>
    </form>
  );
}

const side = 192;

/** The middle of the image as a small JPEG, in base64: an avatar is sent to all contacts. */
async function square(file: File): Promise<string> {
  const image = await createImageBitmap(file);
  const from = Math.min(image.width, image.height);
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const [x, y] = [(image.width - from) / 2, (image.height - from) / 2];
  canvas.getContext('2d')?.drawImage(image, x, y, from, from, 0, 0, side, side);
  return canvas.toDataURL('image/jpeg', 0.85).split(',')[1] ?? '';
}

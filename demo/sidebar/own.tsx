/** The user: face, name and availability, and the ways to everything else. */
import { local, type ShowName, showNames } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { type DialogName, useView, useViews } from '../ui/view.ts';

const choices = ['online', 'chat', 'away', 'xa', 'dnd'] as const satisfies ShowName[];
type Choice = (typeof choices)[number];

export function Own() {
  const { availability, people } = useSession();
  const views = useViews();
  const drawer = useView((view) => view.drawer);
  const user = useChat((snapshot) => snapshot.user);
  const online = useChat((snapshot) => snapshot.status === 'online');
  const nick = useStore(people, (all) => (user === undefined ? undefined : all[user]?.nick));
  const show = useStore(availability, (value): Choice => value.show ?? 'online');
  if (user === undefined) return <div class="own skeleton" />;
  const name = nick ?? local(user);
  const choose = (next: Choice): void => {
    const { show: _before, ...rest } = availability.getSnapshot();
    void views.attempt(availability.set(next === 'online' ? rest : { ...rest, show: next }));
  };
  const open = (dialog: DialogName, close: () => void): void => {
    close();
    views.change({ dialog });
  };
  return (
    <header class="own">
      <button type="button" class="me" title={user} onClick={() => views.change({ dialog: 'settings' })}>
        <Avatar jid={user} name={name} show={online ? show : 'offline'} />
        <span class="me-name">{name}</span>
        <span class="hidden">Settings</span>
      </button>
      <select
        aria-label="Your availability"
        value={show}
        onChange={({ currentTarget }) => choose(currentTarget.value as Choice)}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {showNames[choice]}
          </option>
        ))}
      </select>
      <IconButton
        icon="code"
        label="What passes on the wire"
        pressed={drawer}
        onClick={() => views.change({ drawer: !drawer })}
      />
      <Menu icon="add" label="New">
        {(close) => (
          <>
            <MenuItem icon="people" onClick={() => open('contact', close)}>
              Add a contact
            </MenuItem>
            <MenuItem icon="hash" onClick={() => open('room', close)}>
              Join or create a room
            </MenuItem>
            <MenuItem icon="gear" onClick={() => open('settings', close)}>
              Settings
            </MenuItem>
          </>
        )}
      </Menu>
    </header>
  );
}

/** The dialog that is open, if one is. */
import { useView, useViews } from '../ui/view.ts';
import { ContactDialog } from './contact.tsx';
import { InviteDialog } from './invite.tsx';
import { RoomDialog } from './room.tsx';
import { SettingsDialog } from './settings.tsx';

export function Dialogs({ onSignOut }: { readonly onSignOut: () => void }) {
  const views = useViews();
  const dialog = useView((view) => view.dialog);
  const chat = useView((view) => view.chat);
  const close = (): void => views.change({ dialog: undefined });
  if (dialog === 'contact') return <ContactDialog onClose={close} />;
  if (dialog === 'room') return <RoomDialog onClose={close} />;
  if (dialog === 'settings') return <SettingsDialog onClose={close} onSignOut={onSignOut} />;
  if (dialog === 'invite' && chat !== undefined) return <InviteDialog room={chat} onClose={close} />;
  return null;
}

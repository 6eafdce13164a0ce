/** The application: signed out, or signed in with a list of chats, a conversation, and what is opened beside them. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Conversation } from './chat/conversation.tsx';
import { Details } from './details/details.tsx';
import { Dialogs } from './dialogs/dialogs.tsx';
import { Drawer } from './drawer.tsx';
import { useNotifications } from './notify.ts';
import { letMeSleep } from './push.ts';
import { type Identity, keepIdentity, keptIdentity, type Session, SessionContext, startSession } from './session.ts';
import { Sidebar } from './sidebar/sidebar.tsx';
import { SignIn } from './sign-in.tsx';
import type { Site } from './site.ts';
import { Banners } from './ui/banners.tsx';
import { Icon } from './ui/icon.tsx';
import { createViews, useView, useViews, ViewContext } from './ui/view.ts';

interface Visit {
  readonly identity: Identity;
  readonly session: Session;
}

export function App({ site }: { readonly site: Site }) {
  const [visit, setVisit] = useState<Visit | undefined>(() => begin(site, keptIdentity(site)));
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (!visit) return;
    // A token that was refused at once: back to the start, and say why.
    visit.session.client.ready.catch((error: Error) => {
      keepIdentity(undefined);
      setProblem(error.message);
      setVisit(undefined);
    });
  }, [visit]);
  const signIn = (identity: Identity): void => {
    keepIdentity(identity);
    setProblem(undefined);
    setVisit(begin(site, identity));
  };
  const signOut = (): void => {
    keepIdentity(undefined);
    const client = visit?.session.client;
    if (client) void letMeSleep(client).finally(() => client.close());
    history.replaceState(null, '', location.pathname);
    setVisit(undefined);
    setProblem(undefined);
  };
  if (!visit) return <SignIn site={site} problem={problem} onSignIn={signIn} />;
  return (
    <SessionContext.Provider value={visit.session}>
      <Main onSignOut={signOut} />
    </SessionContext.Provider>
  );
}

function begin(site: Site, identity: Identity | undefined): Visit | undefined {
  return identity && { identity, session: startSession(site, identity) };
}

function Main({ onSignOut }: { readonly onSignOut: () => void }) {
  const views = useMemo(createViews, []);
  return (
    <ViewContext.Provider value={views}>
      <Layout onSignOut={onSignOut} />
    </ViewContext.Provider>
  );
}

function Layout({ onSignOut }: { readonly onSignOut: () => void }) {
  const chat = useView((view) => view.chat);
  const details = useView((view) => view.details);
  const drawer = useView((view) => view.drawer);
  useNotifications();
  const classes = [
    'app',
    chat === undefined ? 'at-list' : 'at-chat',
    details && chat !== undefined ? 'with-details' : '',
  ];
  return (
    <div class={classes.join(' ')}>
      <header class="hidden">
        <h1>Stanzawire chat</h1>
      </header>
      <Banners />
      <div class="columns">
        <Sidebar />
        <main class="conversation">{chat === undefined ? <Welcome /> : <Conversation key={chat} chat={chat} />}</main>
        {details && chat !== undefined && <Details key={chat} chat={chat} />}
      </div>
      {drawer && <Drawer />}
      <Dialogs onSignOut={onSignOut} />
      <Note />
    </div>
  );
}

function Welcome() {
  const views = useViews();
  return (
    <div class="empty">
      <img src="/icon.svg" alt="" width="72" height="72" />
      <h2>Pick a conversation</h2>
      <p>Everybody here speaks XMPP behind the scenes: your contacts may use any XMPP client, on any server.</p>
      <div class="row">
        <button type="button" class="primary" onClick={() => views.change({ dialog: 'contact' })}>
          <Icon name="add" />
          Add a contact
        </button>
        <button type="button" onClick={() => views.change({ dialog: 'room' })}>
          <Icon name="hash" />
          Find a room
        </button>
      </div>
    </div>
  );
}

function Note() {
  const note = useView((view) => view.note);
  return (
    <div class="notes" role="status">
      {note && <p class={note.bad ? 'note bad' : 'note'}>{note.text}</p>}
    </div>
  );
}

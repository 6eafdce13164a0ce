/** The left side: who one is, the search, requests to answer, and the chats. */
import { useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { ChatList } from './chat-list.tsx';
import { Own } from './own.tsx';
import { Requests } from './requests.tsx';
import { SearchResults } from './search.tsx';

export function Sidebar() {
  const [query, setQuery] = useState('');
  const text = query.trim();
  return (
    <nav class="sidebar" aria-label="Chats">
      <Own />
      <search class="search">
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search"
          aria-label="Search chats and messages"
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
      </search>
      <div class="lists">
        <Requests />
        <ChatList query={text} onOpen={() => setQuery('')} />
        {text.length > 1 && <SearchResults query={text} onOpen={() => setQuery('')} />}
      </div>
    </nav>
  );
}

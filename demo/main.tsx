/** The demo page: a chat application on the client library. Asks the gateway what it offers, and shows the application. */
import { render } from 'preact';
import { App } from './app.tsx';
import { readSite } from './site.ts';
import { applyTheme } from './theme.ts';

const root = document.querySelector('#app');
if (root) {
  applyTheme();
  try {
    const site = await readSite();
    root.replaceChildren();
    render(<App site={site} />, root);
  } catch (error) {
    root.textContent = `The gateway does not answer: ${String(error)}. Load the page again in a moment.`;
  }
}

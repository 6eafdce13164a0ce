/** Somebody at the demo page in a browser profile of their own, and what they do there in nearly every test. */
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { DemoScene } from './demo-scene.ts';

export class DemoUser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page complained of. */
  readonly errors: string[];

  static async open(scene: DemoScene, query = '', options: BrowserContextOptions = {}): Promise<DemoUser> {
    const { page, context, errors } = await scene.open(query, { reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(15_000);
    return new DemoUser(page, context, errors);
  }

  private constructor(page: Page, context: BrowserContext, errors: string[]) {
    this.page = page;
    this.context = context;
    this.errors = errors;
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.locator('.body', { hasText: text }) });
  }

  get composer(): Locator {
    return this.page.getByLabel(/^Message to/);
  }

  get head(): Locator {
    return this.page.locator('.head');
  }

  /** In the list of chats. */
  chat(name: string): Locator {
    return this.page.locator('.chats li', { has: this.page.locator('.chat-name', { hasText: name }) });
  }

  async openChat(name: string): Promise<void> {
    await this.chat(name).getByRole('link').click();
    await this.page.getByLabel(`Message to ${name}`).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Chooses from a message's menu. */
  async act(text: string, action: string): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole('button', { name: 'Message actions' }).click();
    await this.page.getByRole('menuitem', { name: action }).click();
  }

  async addContact(jid: string): Promise<void> {
    await this.button('New').click();
    await this.page.getByRole('menuitem', { name: 'Add a contact' }).click();
    await this.page.getByLabel('Address').fill(jid);
    await this.button('Add').click();
    await this.composer.waitFor();
  }

  /** Opens the settings. */
  async settings(): Promise<Locator> {
    await this.page.getByRole('button', { name: /Settings$/ }).click();
    return this.page.getByRole('dialog');
  }

  /** Drops files on the open conversation, as from a folder. */
  async drop(files: readonly { name: string; type: string; data: Uint8Array }[]): Promise<void> {
    const encoded = files.map(({ data, ...file }) => ({ ...file, data: Buffer.from(data).toString('base64') }));
    const transfer = await this.page.evaluateHandle(
      `(() => {
        const transfer = new DataTransfer();
        for (const { name, type, data } of ${JSON.stringify(encoded)})
          transfer.items.add(new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], name, { type }));
        return transfer;
      })()`,
    );
    const view = this.page.locator('.chat-view');
    await view.dispatchEvent('dragover', { dataTransfer: transfer });
    await this.page.getByText('Drop to send').waitFor();
    await view.dispatchEvent('drop', { dataTransfer: transfer });
  }
}

/** Of an image that has come. */
export function widthOf(image: Locator): Promise<number> {
  return image.evaluate((node) => (node as unknown as { naturalWidth: number }).naturalWidth);
}

/** A real Chromium, driven by playwright-core. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, type ConsoleMessage, chromium, type Page } from 'playwright-core';

/** The path of a Chromium or Chrome, or undefined. */
export function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launchBrowser(): Promise<Browser> {
  // Root has no sandbox, and containers little shared memory.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  return chromium.launch({
    executablePath: findBrowser() ?? 'chromium',
    args,
    // Playwright turns it off, and the client library is to work with it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
}

/** What the page complains of from now on: errors of its console, and exceptions that nobody caught. */
export function errorsOf(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}

/** Resolves when the expression holds. (Playwright's own waiting evaluates text in the page, which a strict policy forbids.) */
export async function until(page: Page, expression: string, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  // A page that is just going elsewhere says nothing.
  while (!(await page.evaluate(`Boolean(${expression})`).catch(() => false))) {
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms: ${expression}\n${await page.innerText('body')}`);
    await delay(50);
  }
}

/** node secrets.mjs FOLDER: makes the secrets of compose.yaml, each in a file of its own, if they are not there yet. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '/secrets'] = process.argv.slice(2);

for (const [name, bytes] of Object.entries({ component: 24, token: 32, romeo: 9 })) {
  try {
    // Readable for all: each container has another user, and the volume is in these containers only.
    writeFileSync(join(folder, name), `${randomBytes(bytes).toString('base64url')}\n`, { flag: 'wx', mode: 0o444 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

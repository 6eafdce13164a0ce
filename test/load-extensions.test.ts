/** Extensions of third parties at the start: where they are found, and what is said of those that cannot be used. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkExtension } from '../src/extension-shape.ts';
import { builtIn } from '../src/extensions/index.ts';
import { runMain } from './support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(path: string, text: string): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return `./${path}`;
}

const env = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SERVICE: 'xmpp://127.0.0.1:1',
  STANZAWIRE_XMPP_SECRET: 'secret',
  STANZAWIRE_AUTH_JWT_SECRET: 'a secret of thirty-two bytes, or more',
  STANZAWIRE_STORE_URL: 'memory:',
};
const start = (extensions: string, args = ['--check']) =>
  runMain(args, { ...env, STANZAWIRE_EXTENSIONS: extensions }, [], { cwd: folder });
const whole = (more = '') =>
  `import { extension } from 'stanzawire/extension';\nexport default extension({ spec: { name: 'Mine', url: 'https://a.example' }, ${more} });`;

describe('an extension is found', () => {
  it('as a file from the working directory, in JavaScript or TypeScript', async () => {
    file('one.js', whole());
    file(
      'two.ts',
      `import type { Extension } from 'stanzawire/extension';\nconst one: Extension = { spec: { name: 'Two', url: 'u' } };\nexport default one;`,
    );
    expect(await start('./one.js,./two.ts')).toMatchObject({ code: 0, stderr: '' });
  });

  it('as a package that is installed there', async () => {
    file(
      'node_modules/@acme/poll/package.json',
      '{"name":"@acme/poll","type":"module","exports":{"import":"./lib/x.js"}}',
    );
    file('node_modules/@acme/poll/lib/x.js', whole());
    file('node_modules/older/package.json', '{"name":"older","main":"x.cjs"}');
    file(
      'node_modules/older/x.cjs',
      "const { extension } = require('stanzawire/extension');\nmodule.exports = extension({ spec: { name: 'Older', url: 'u' } });",
    );
    expect(await start('@acme/poll, older')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a start with an extension that cannot be used ends with 78 and one line', () => {
  const bad: [what: string, text: string | undefined, says: RegExp][] = [
    [
      'a missing file',
      undefined,
      /^extensions: "\.\/bad\.js": \S*\/bad\.js does not exist; write the path of a JavaScript file, from the working directory$/,
    ],
    [
      'text that is no JavaScript',
      'export default {',
      /cannot be loaded: SyntaxError: .*; mend it, or take it out of the list$/,
    ],
    ['one that throws', "throw new TypeError('no\\nway')", /cannot be loaded: TypeError: no; mend it/],
    [
      'one that needs what is not there',
      "import 'not-installed'",
      /cannot be loaded: Error: Cannot find package 'not-installed'/,
    ],
    ['no default export', 'export const a = 1', /has no default export; write "export default extension\(\{ … \}\)"$/],
    ['another thing', 'export default 5', /the default export is not an extension; write/],
    [
      'an unknown hook',
      whole('hooks: { mesageIn() {} }'),
      /hooks\.mesageIn: there is no such hook; did you mean messageIn\?$/,
    ],
  ];
  it.each(bad)('%s', async (_, text, says) => {
    rmSync(join(folder, 'bad.js'), { force: true });
    if (text !== undefined) file('bad.js', text);
    const { code, stderr } = await start('./bad.js');
    expect(code).toBe(78);
    expect(stderr).toMatch(/^stanzawire: extensions: "\.\/bad\.js": .+$/);
    expect(stderr.replace('stanzawire: ', '')).toMatch(says);
  });

  it('a folder, and a package that is not installed', async () => {
    mkdirSync(join(folder, 'lib'), { recursive: true });
    expect((await start('./lib')).stderr).toMatch(/lib is a folder; write the path of a JavaScript file/);
    expect((await start('acme')).stderr).toMatch(
      /no package of this name is installed; run "npm install acme" in \S+, or write \.\/acme for a file$/,
    );
  });

  it('two of one name, also without --check', async () => {
    file('a.js', whole("iq: [{ type: 'get', name: 'a', xmlns: 'urn:x', places: ['client'], handle() {} }]"));
    const said = await start('./a.js,./a.js', []);
    expect(said).toMatchObject({
      code: 78,
      stderr:
        'stanzawire: extensions: "./a.js": the namespace of queries urn:x is taken by Mine; choose another name, or take one of the two out of the list',
    });
  });
});

describe('the shape of an extension', () => {
  const spec = { name: 'Mine', url: 'https://a.example' };
  const run = () => undefined;
  const field = { schema: { type: 'string' }, elements: ['urn:x a'], read: run, write: run };
  const request = { data: { type: 'object' }, handle: run };
  const iq = { type: 'get', name: 'a', xmlns: 'urn:x', places: ['client'], handle: run };
  const event = { data: { type: 'object' }, class: 'numbered' };

  it('may have all parts', () => {
    const parts = {
      spec,
      features: { client: ['urn:x'], domain: [] },
      message: { 'x-a': field },
      presence: { 'x-a': { ...field, content: false } },
      requests: { 'x-a.b': { ...request, result: { type: 'object' }, scope: 'a' } },
      events: { 'x-a.b': event },
      iq: [{ ...iq, open: true }],
      hooks: { messageIn: run, linkUp: run },
      notices: run,
      takes: run,
    };
    expect(checkExtension(parts, builtIn)).toBeUndefined();
    // It is an object of theirs, and no proof of what else is in the list.
    expect(checkExtension({ ...parts, message: undefined }, builtIn)).toBeUndefined();
  });

  const wrong: [part: object, says: string][] = [
    [{ spec: undefined }, 'spec is not an object'],
    [{ spec: { name: 'a' } }, 'spec.url is not a text'],
    [{ spec: { ...spec, versoin: '1' } }, 'spec.versoin: there is no such key; did you mean version?'],
    [{ request: {} }, 'request: there is no such key; did you mean requests?'],
    [{ features: { web: ['urn:x'] } }, 'features.web: there is no such place; there are domain, account, client'],
    [{ features: { client: 'urn:x' } }, 'features.client is not a list'],
    [{ hooks: { messageIn: 1 } }, 'hooks.messageIn is not a function'],
    [{ message: { body: field } }, 'message: "body" is not one of yours; names begin with x-, as in x-acme.poll'],
    [
      { message: { 'x-a': { ...field, schema: undefined } } },
      'message["x-a"].schema is not a JSON Schema; make it with Type, as in Type.Object({})',
    ],
    [{ message: { 'x-a': { ...field, elements: 'a' } } }, 'message["x-a"].elements is not a list'],
    [{ presence: { 'x-a': { ...field, write: 1 } } }, 'presence["x-a"].write is not a function'],
    [
      { requests: { 'message.send': run } },
      'requests: "message.send" is not one of yours; names begin with x-, as in x-acme.poll',
    ],
    [{ requests: { 'x-a': run } }, 'requests["x-a"] is not an object'],
    [
      { requests: { 'x-a': { ...request, data: { type: 'string' } } } },
      'requests["x-a"].data is not the schema of an object; make it with Type.Object',
    ],
    [{ requests: { 'x-a': { data: { type: 'object' } } } }, 'requests["x-a"].handle is not a function'],
    [{ events: { 'x-a': { ...event, class: 'latest' } } }, 'events["x-a"].class is not "numbered" or "ephemeral"'],
    [{ events: { message: event } }, 'events: "message" is not one of yours; names begin with x-, as in x-acme.poll'],
    [{ iq }, 'iq is not a list'],
    [{ iq: [{ ...iq, places: ['here'] }] }, 'iq[0].places[0] is not "domain" or "account" or "client"'],
    [
      { iq: [{ ...iq, xmlns: 'urn:xmpp:ping' }] },
      'the namespace of queries urn:xmpp:ping is taken by XEP-0199; choose another name, or take one of the two out of the list',
    ],
    [{ snapshots: {} }, 'snapshots is for the built-in extensions'],
    [{ takes: true }, 'takes is not a function'],
  ];
  it.each(wrong)('is not %j', (part, says) => {
    expect(checkExtension({ spec, ...part }, builtIn)).toBe(says);
  });

  it.each([
    ['request', { requests: { 'x-a': request } }],
    ['event', { events: { 'x-a': event } }],
    ['field of messages', { message: { 'x-a': field } }],
    ['field of presence', { presence: { 'x-a': field } }],
  ])('may not have the %s of another', (what, part) => {
    const other = { spec: { name: 'Theirs', url: 'u' }, ...part } as never;
    expect(checkExtension({ spec, ...part }, [...builtIn, other])).toBe(
      `the ${what} x-a is taken by Theirs; choose another name, or take one of the two out of the list`,
    );
  });
});

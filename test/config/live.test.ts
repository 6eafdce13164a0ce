/** The configuration of a process that runs: what a reload changes in the tree, what it leaves, and when files are seen. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, ConfigFiles, LiveConfig, loadConfig } from '../../src/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-live-'));
afterAll(() => rmSync(folder, { recursive: true }));

const minimal = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SECRET: 'planted-secret',
  STANZAWIRE_AUTH_JWT_SECRET: 'planted-key-of-thirty-two-bytes-or-more',
};

/** A tree, and the environment that its next reload reads. */
function live(start: Record<string, string> = {}) {
  const env: Record<string, string> = { ...minimal, ...start };
  const tree = new LiveConfig(() => loadConfig({ env }));
  const reload = (change: Record<string, string>, prepare: Parameters<LiveConfig['reload']>[0] = () => undefined) => {
    Object.assign(env, change);
    return tree.reload(prepare);
  };
  return { config: tree.config, reload };
}

describe('a reload', () => {
  it('writes into the sections that the parts keep, and names what changed', () => {
    const { config, reload } = live();
    const { limits } = config;
    expect(reload({ STANZAWIRE_LIMITS_RATE: '7', STANZAWIRE_LOG_LEVEL: 'warn' })).toEqual({
      changed: ['limits.rate', 'log.level'],
      needRestart: [],
    });
    expect([limits.rate, limits.burst, config.log.level]).toEqual([7, 100, 'warn']);
    expect(reload({})).toEqual({ changed: [], needRestart: [] });
  });

  it('names what needs a restart, and leaves it as it was, every time', () => {
    const { config, reload } = live();
    const wanted = { STANZAWIRE_HTTP_PUBLIC_PORT: '9999', STANZAWIRE_LIMITS_RATE: '7' };
    expect(reload(wanted)).toEqual({ changed: ['limits.rate'], needRestart: ['http.public.port'] });
    expect(reload({})).toEqual({ changed: [], needRestart: ['http.public.port'] });
    expect(config.http.public.port).toBe(8080);
  });

  it('makes and removes values, and sections with them', () => {
    const { config, reload } = live();
    expect(config.store.retention).toBeUndefined();
    expect(reload({ STANZAWIRE_STORE_RETENTION_AGE: '1d' }).changed).toEqual(['store.retention.age']);
    expect(config.store.retention).toEqual({ age: 86_400_000 });
    reload({ STANZAWIRE_STORE_RETENTION_AGE: '' });
    expect(Object.keys(config.store)).toEqual(['url', 'sync']);
  });

  it('answers the new secret to whoever keeps the old function', () => {
    const { config, reload } = live();
    const { secret } = config.xmpp;
    expect(reload({ STANZAWIRE_XMPP_SECRET: 'another' }).changed).toEqual(['xmpp.secret']);
    expect(secret()).toBe('another');
    expect(reload({ STANZAWIRE_XMPP_SECRET: 'another' }).changed).toEqual([]);
  });

  it('goes from a shared key to guests alone, and back', () => {
    const { config, reload } = live();
    const guests = { STANZAWIRE_AUTH_JWT_SECRET: '', STANZAWIRE_AUTH_GUEST_ENABLED: 'true' };
    expect(reload(guests).changed).toContain('auth.jwt.secret');
    expect(config.auth.jwt).toBeUndefined();
    expect(config.auth.guest).toEqual({ enabled: true, prefix: 'guest-', ttl: 604_800_000 });
    reload({ STANZAWIRE_AUTH_JWT_SECRET: 'planted-key-of-thirty-two-bytes-or-more, again' });
    expect(config.auth.jwt?.secret?.()).toMatch(/again$/);
  });

  it('changes nothing when a key cannot be used, or when what is made of it cannot be made', () => {
    const { config, reload } = live();
    const before = JSON.stringify(config);
    expect(() => reload({ STANZAWIRE_LIMITS_RATE: '7', STANZAWIRE_LOG_LEVEL: 'loud' })).toThrow(ConfigError);
    const refuse = () => {
      throw new Error('cannot be made');
    };
    expect(() => reload({ STANZAWIRE_LOG_LEVEL: 'warn' }, refuse)).toThrow('cannot be made');
    expect(JSON.stringify(config)).toBe(before);
  });

  it('holds the rules between keys for what would be in force', () => {
    const { config, reload } = live();
    expect(() => reload({ STANZAWIRE_LIMITS_OUTBOUND: '64KiB' })).toThrow(/^limits\.outbound: .*limits\.stanza/);
    expect(reload({ STANZAWIRE_LIMITS_STANZA: '32KiB' }).changed).toEqual(['limits.stanza', 'limits.outbound']);
    expect(config.limits).toMatchObject({ stanza: 32_768, outbound: 65_536 });
  });
});

describe('the files', () => {
  /** Resolves at the next change that is seen. */
  function watched(file: string) {
    const files = new ConfigFiles(10);
    let seen = Promise.withResolvers<void>();
    const load = () => loadConfig({ file, env: minimal, files });
    load();
    files.watch(() => {
      // As a reload does: what has been read is no news any more.
      try {
        load();
      } catch {
        // Nor is what cannot be used.
      }
      seen.resolve();
      seen = Promise.withResolvers();
    });
    onTestFinished(() => files.stop());
    return { load, next: () => seen.promise };
  }

  it('are seen when they are written, replaced, gone, and back', async () => {
    const path = join(folder, 'plain.yaml');
    writeFileSync(path, 'limits: { rate: 1 }');
    const { load, next } = watched(path);
    const changes = [
      () => writeFileSync(path, 'limits: { rate: 22 }'),
      () => {
        writeFileSync(join(folder, 'new'), 'limits: { rate: 33 }');
        renameSync(join(folder, 'new'), path);
      },
      () => rmSync(path),
      () => writeFileSync(path, 'limits: { rate: 4 }'),
    ];
    for (const change of changes) {
      const seen = next();
      change();
      await seen;
    }
    expect(load().limits.rate).toBe(4);
  });

  it('are seen when the links change by which Kubernetes mounts a ConfigMap', async () => {
    const mount = join(folder, 'mount');
    const version = (name: string, text: string) => {
      mkdirSync(join(mount, name), { recursive: true });
      writeFileSync(join(mount, name, 'stanzawire.yaml'), text);
    };
    version('..2026_01', 'limits: { rate: 1 }');
    symlinkSync('..2026_01', join(mount, '..data'));
    symlinkSync('..data/stanzawire.yaml', join(mount, 'stanzawire.yaml'));
    const { load, next } = watched(join(mount, 'stanzawire.yaml'));
    const seen = next();
    version('..2026_02', 'limits: { rate: 2 }');
    symlinkSync('..2026_02', join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    rmSync(join(mount, '..2026_01'), { recursive: true });
    await seen;
    expect(load().limits.rate).toBe(2);
  });

  it('are those of secrets too', async () => {
    const [path, secret] = [join(folder, 'with-secret.yaml'), join(folder, 'secret')];
    writeFileSync(secret, 'first key, of thirty-two bytes or more');
    writeFileSync(path, `auth: { jwt: { issuer: x } }\nxmpp: { secretFile: ${secret} }`);
    const env = { ...minimal, STANZAWIRE_XMPP_SECRET: '' };
    const files = new ConfigFiles(10);
    const tree = new LiveConfig(() => loadConfig({ file: path, env, files }));
    const reloaded = new Promise((resolve) => files.watch(() => resolve(tree.reload(() => undefined))));
    writeFileSync(secret, 'second key, of thirty-two bytes and more\n');
    expect(await reloaded).toEqual({ changed: ['xmpp.secret'], needRestart: [] });
    files.stop();
    expect(tree.config.xmpp.secret()).toBe('second key, of thirty-two bytes and more');
  });
});

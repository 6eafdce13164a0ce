/** Dockerfile and compose.yaml, as far as they can be judged without an engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import pkg from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the Dockerfile', () => {
  const stages = read('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split(/^(?=FROM )/m)
    .slice(1);
  const last = stages.at(-1) ?? '';

  test('builds on one Node, of the version that we develop on', () => {
    expect(read('Dockerfile')).toContain('ARG NODE_IMAGE=node:24-slim\n');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's own
    expect(new Set(stages.map((stage) => stage.split(/\s/)[1]))).toEqual(new Set(['${NODE_IMAGE}']));
  });

  test('ends as a user that is a number and not root, with a check of its health', () => {
    expect([...last.matchAll(/^USER (.*)$/gm)].map(([, user]) => user)).toEqual(['65532:65532']);
    expect(last).toMatch(/^HEALTHCHECK .*\/livez/m);
  });

  test('starts the gateway itself, which hears the signals', () => {
    expect(last).toContain('ENTRYPOINT ["node", "/app/dist/main.js"]');
    expect(last).toContain('CMD ["--config", "/etc/stanzawire/stanzawire.yaml"]');
  });

  test('takes the dependencies that run and no others, without scripts of theirs', () => {
    expect(stages.find((stage) => stage.includes('AS dependencies'))).toContain('npm ci --omit=dev --omit=optional');
    for (const [line] of stages.join('').matchAll(/npm ci.*/g)) expect(line).toContain('--ignore-scripts');
  });

  test('says what it is, in the version of the package', () => {
    expect(last).toContain(`ARG VERSION=${pkg.version}`);
    for (const label of ['title', 'description', 'licenses', 'version']) {
      expect(last).toContain(`org.opencontainers.image.${label}=`);
    }
  });

  test('copies only what .dockerignore lets in, and that exists', () => {
    const allowed = read('.dockerignore').trim().split('\n');
    expect(allowed.shift()).toBe('*');
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(new Set(copied)).toEqual(new Set(allowed.map((line) => line.replace('!', ''))));
    for (const name of copied) expect(existsSync(join(root, name)), name).toBe(true);
  });
});

describe('compose.yaml', () => {
  interface Service {
    ports?: string[];
    volumes?: string[];
    read_only?: boolean;
    cap_drop?: string[];
    depends_on?: Record<string, { condition: string }>;
    stop_grace_period?: string;
    image?: string;
  }
  const { services, volumes }: { services: Record<string, Service>; volumes: Record<string, unknown> } = parse(
    read('compose.yaml'),
    { merge: true },
  );

  test('has Prosody, the gateway and the demo', () => {
    expect(Object.keys(services)).toEqual(['secrets', 'prosody', 'gateway', 'demo']);
    expect(services.gateway?.image).toBe(`stanzawire:${pkg.version}`);
  });

  test('publishes on this machine only, and never the component port or the internal one', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual([
      '127.0.0.1:5222:5222',
      '127.0.0.1:5280:5280',
      '127.0.0.1:8080:8080',
      '127.0.0.1:8000:8000',
    ]);
  });

  test('runs our own parts read-only and without capabilities', () => {
    for (const name of ['secrets', 'gateway', 'demo']) {
      expect(services[name], name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
    expect(services.gateway?.stop_grace_period).toBe('30s');
  });

  test('mounts what exists', () => {
    for (const mount of Object.values(services).flatMap((service) => service.volumes ?? [])) {
      const [from = ''] = mount.split(':');
      expect(from.startsWith('.') ? existsSync(join(root, from)) : from in volumes, mount).toBe(true);
    }
  });

  test('waits for what it needs', () => {
    const waits = Object.entries(services).flatMap(([name, { depends_on = {} }]) =>
      Object.entries(depends_on).map(([on, { condition }]) => `${name} ${on} ${condition}`),
    );
    expect(waits).toEqual([
      'prosody secrets service_completed_successfully',
      'gateway prosody service_healthy',
      'demo gateway service_healthy',
    ]);
  });
});

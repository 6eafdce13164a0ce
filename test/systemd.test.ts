/** The unit for systemd, as far as systemd itself judges it where it does not run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../src/commands/exit-codes.ts';
import { maySkip } from './support/servers/each.ts';

const text = readFileSync(join(import.meta.dirname, '../systemd/stanzawire.service'), 'utf8');
const skipped = maySkip(spawnSync('systemd-analyze', ['--version']).status === 0);
if (skipped) console.warn('systemd: skipped: no systemd-analyze');

describe('systemd/stanzawire.service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-unit-'));
  const unit = join(folder, 'stanzawire.service');
  // The program need not be installed here.
  writeFileSync(unit, text.replace('/usr/local/bin/stanzawire', process.execPath));
  afterAll(() => rmSync(folder, { recursive: true }));

  const analyze = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    return { status, text: `${stdout}${stderr}` };
  };

  test.skipIf(skipped)('is understood, every line of it', () => {
    expect(analyze('verify', '--man=no', unit)).toEqual({ status: 0, text: '' });
  });

  test.skipIf(skipped)('exposes little: 1.5 of 10 at the most', () => {
    const { status, text: report } = analyze('security', '--offline=yes', '--threshold=15', unit);
    expect(status, report).toBe(0);
  });

  test('does not start again what cannot start', () => {
    expect(text).toContain(`RestartPreventExitStatus=${exitCodes.usage} ${exitCodes.config}\n`);
  });
});

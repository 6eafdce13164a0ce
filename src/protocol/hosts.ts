/** Lists of hosts as operators write them: `push.example.com`, or `*.example.com` for all below it. */

export function isListedHost(host: string, list: readonly string[]): boolean {
  const name = host.toLowerCase();
  return list.some((one) =>
    one.startsWith('*.') ? name.endsWith(one.slice(1).toLowerCase()) : name === one.toLowerCase(),
  );
}

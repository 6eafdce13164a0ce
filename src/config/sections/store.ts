/** Configuration keys: what outlives the process. */
import { choice, duration, integer, optional, text } from '../kinds.ts';
import { day, second } from '../units.ts';

export const store = {
  url: text({
    description: 'Where accounts are kept: `sqlite:PATH` (from the working directory), or `memory:` to forget at exit.',
    default: 'sqlite:data/stanzawire.db',
    pattern: '^(?:sqlite:.+|memory:)$',
    write: 'sqlite:PATH or memory:',
  }),
  sync: choice(['normal', 'full'], {
    description:
      'What an acknowledged message survives: with `normal` a killed process, with `full` also a power loss, at the price of a disk write per commit.',
    default: 'normal',
  }),
};

export const retention = {
  age: optional(
    duration(60 * second, 36_500 * day, {
      reload: true,
      description: 'How long messages are kept.',
      otherwise: 'for ever',
      example: '365d',
    }),
  ),
  perChat: optional(
    integer(1, 1_000_000_000, {
      reload: true,
      description: 'How many of the newest items of each chat are kept.',
      otherwise: 'all',
      example: '100000',
    }),
  ),
};

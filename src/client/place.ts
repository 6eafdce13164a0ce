/** The place in the session's numbered events (PROTOCOL.md §4, §5): which is next, and what was processed. */
import { resync } from './codes.ts';
import type { Line } from './line.ts';
import type { Saved } from './saved.ts';

const ackMs = 200;

/** The client's rule as a function: is the event of that number to be processed? A gap ends the socket. */
export function placeIn(line: Line, saved: Saved): (seq: number | undefined) => boolean {
  const { state } = saved;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ack = (): void => {
    timer = undefined;
    if (!line.online) return;
    // A place that is behind what was acknowledged could not be resumed at.
    saved.save();
    line.write({ type: 'ack', data: { seq: state.seq } });
  };
  return (seq) => {
    if (seq === undefined) return true;
    if (seq > state.seq + 1) line.drop(resync, `${seq} came after ${state.seq}`);
    if (seq !== state.seq + 1) return false;
    state.seq = seq;
    if (timer === undefined) timer = setTimeout(ack, ackMs);
    return true;
  };
}

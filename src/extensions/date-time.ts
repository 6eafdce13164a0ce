/** Times in XML (XEP-0082) ↔ times in JSON. */

// XEP-0082 §3.2: a time without an offset is no time; Date.parse would take it, and much else, for one of ours.
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** In UTC with milliseconds; undefined where it is no time. */
export function readTime(text: string | undefined): string | undefined {
  const time = text !== undefined && dateTime.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

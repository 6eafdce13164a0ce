/** What durations (ms) and sizes (bytes) are counted in. */
export const second = 1000;
export const minute = 60 * second;
export const hour = 3600 * second;
export const day = 24 * hour;
export const KiB = 1024;
export const MiB = 1024 * KiB;

export function findHelm(): Record<string, string | undefined>;
export function prepareHelm(): { what: string; why: string }[];

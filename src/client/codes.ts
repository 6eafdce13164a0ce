/** The close codes that mean something special to the client, each checked against the protocol's table, which stays out. */
import type { closeCodes } from '../protocol/close.ts';

type Codes = typeof closeCodes;

export const normal = 1000 satisfies Codes['normal'];
export const badFrame = 4000 satisfies Codes['bad-frame'];
export const tokenInvalid = 4001 satisfies Codes['token-invalid'];
export const tokenExpired = 4002 satisfies Codes['token-expired'];
export const replaced = 4008 satisfies Codes['replaced'];
export const internal = 4100 satisfies Codes['internal'];
export const heartbeatTimeout = 4101 satisfies Codes['heartbeat-timeout'];
export const resync = 4202 satisfies Codes['resync'];

/** The configuration's shape; loading follows. */
/** Reads the current value: a secret kept in a file is read again when the file changes. */
export type Secret = () => string;

/** Durations are milliseconds, sizes are bytes. */
export interface Config {
  xmpp: { service: string; domain: string; secret: Secret; server: string };
  http: {
    public: { host: string; port: number; path: string; origins: string[] };
    internal: { host: string; port: number };
  };
  auth: {
    jwt?: {
      secret?: Secret;
      jwksUrl?: string;
      issuer?: string;
      audience?: string;
      algorithms: string[];
      userClaim: string;
      scopeClaim: string;
    };
    guest: { enabled: boolean; prefix: string; ttl: number };
  };
  store: { url: string };
  sessions: { resumeWindow: number; maxEvents: number; perAccount: number; heartbeat: number };
  limits: {
    frame: number;
    stanza: number;
    batch: number;
    inFlight: number;
    rate: number;
    burst: number;
    historyMax: number;
    outbound: number;
    sendTimeout: number;
    sockets: number;
  };
  drain: { time: number };
  log: { level: string };
}

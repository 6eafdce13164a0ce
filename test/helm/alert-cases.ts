/** For each alert what makes it fire and what looks much like it and does not, in the notation of promtool. */

/** Metric with its labels → values, one a minute. Labels `job`, `namespace` and `instance` are added. */
type Series = Record<string, string>;

export interface AlertCase {
  fires: Series;
  quiet: Series;
  /** Minutes from the start. */
  at: number;
}

const requests = (outcome: string, values: string) => ({
  [`stanzawire_request_duration_seconds_count{class="send",outcome="${outcome}"}`]: values,
});
const sends = (all: string, fast: string) => ({
  'stanzawire_request_duration_seconds_count{class="send",outcome="ok"}': all,
  'stanzawire_request_duration_seconds_bucket{class="send",outcome="ok",le="0.5"}': fast,
});
const handshakes = (ok: string, origin: string, draining = '0x60') => ({
  'stanzawire_socket_handshakes_total{result="ok"}': ok,
  'stanzawire_socket_handshakes_total{result="origin"}': origin,
  'stanzawire_socket_handshakes_total{result="draining"}': draining,
});
const closes = (code: string, values: string) => ({
  [`stanzawire_socket_closes_total{code="${code}",initiator="client"}`]: values,
});
const logins = (result: string, values: string) => ({
  [`stanzawire_auth_attempts_total{method="jwt",result="${result}"}`]: values,
});
const dropped = (reason: string, values: string) => ({
  [`stanzawire_stanzas_dropped_total{direction="out",reason="${reason}"}`]: values,
});

const webhooks = (result: string, values: string) => ({
  [`stanzawire_webhook_deliveries_total{event="message.offline",result="${result}"}`]: values,
});
const pushes = (result: string, values: string) => ({
  [`stanzawire_push_deliveries_total{result="${result}"}`]: values,
});

export const alertCases: Record<string, AlertCase> = {
  StanzawireLinkDown: {
    fires: { stanzawire_link_up: '1x5 0x20', stanzawire_draining: '0x60' },
    quiet: { stanzawire_link_up: '1x6 0 1x60', stanzawire_draining: '0x60' },
    at: 9,
  },
  StanzawireLinkRefused: {
    fires: { 'stanzawire_link_connects_total{result="auth_failed"}': '0+1x20' },
    quiet: {
      'stanzawire_link_connects_total{result="refused"}': '0+1x20',
      'stanzawire_link_connects_total{result="conflict"}': '7x20',
    },
    at: 10,
  },
  StanzawireLinkFlapping: {
    fires: { 'stanzawire_link_disconnects_total{reason="eof"}': '0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7' },
    quiet: {
      'stanzawire_link_disconnects_total{reason="eof"}': '0x5 1x20',
      'stanzawire_link_disconnects_total{reason="shutdown"}': '0+1x20',
    },
    at: 15,
  },
  StanzawireErrorBudgetBurnFast: {
    fires: { ...requests('ok', '0+100x90'), ...requests('failed', '0+2x90') },
    // Refused is not failed, and a burst that is over does not wake anybody.
    quiet: {
      ...requests('ok', '0+100x90'),
      ...requests('refused', '0+50x90'),
      ...requests('failed', '0x30 0+50x20 1000x60'),
    },
    at: 80,
  },
  StanzawireErrorBudgetBurnSlow: {
    fires: { ...requests('ok', '0+1000x400'), ...requests('failed', '0+8x400') },
    quiet: { ...requests('ok', '0+1000x400'), ...requests('failed', '0+5x400') },
    at: 390,
  },
  StanzawireLatencyBurn: {
    fires: sends('0+100x90', '0+93x90'),
    quiet: sends('0+100x90', '0+95x90'),
    at: 80,
  },
  StanzawireStanzasDropped: {
    fires: dropped('expired', '0x5 1x20'),
    quiet: dropped('unknown-account', '0+10x20'),
    at: 8,
  },
  StanzawireQueriesTimeOut: {
    fires: { stanzawire_iq_timeouts_total: '0+2x30' },
    quiet: { stanzawire_iq_timeouts_total: '0x5 3x30' },
    at: 25,
  },
  StanzawireAuthFailing: {
    fires: { ...logins('ok', '0+2x30'), ...logins('token-invalid', '0+3x30') },
    quiet: { ...logins('ok', '0+10x30'), ...logins('token-expired', '0+9x30') },
    at: 25,
  },
  StanzawireSocketsNearLimit: {
    fires: {
      'stanzawire_sockets{state="open"}': '17000x20',
      'stanzawire_sockets{state="connecting"}': '100x20',
      stanzawire_sockets_limit: '20000x20',
    },
    quiet: { 'stanzawire_sockets{state="open"}': '16000x20', stanzawire_sockets_limit: '20000x20' },
    at: 10,
  },
  StanzawireAbnormalCloses: {
    fires: { ...closes('1006', '0+10x40'), ...closes('1000', '0+5x40') },
    quiet: { ...closes('1006', '0+5x40'), ...closes('1001', '0+10x40') },
    at: 30,
  },
  StanzawireHandshakeRejects: {
    fires: handshakes('0+10x30', '0+4x30'),
    quiet: handshakes('0+10x30', '0+1x30', '0+100x30'),
    at: 25,
  },
  StanzawireSlowConsumers: {
    fires: closes('4102', '0+2x20'),
    quiet: { ...closes('4102', '0x3 5x20'), ...closes('1000', '0+50x20') },
    at: 15,
  },
  StanzawireWebhooksFailing: {
    fires: { ...webhooks('failed', '0+1x40'), ...webhooks('ok', '5x40') },
    // A backend that is busy now and then is asked again, and that is all.
    quiet: { ...webhooks('failed', '0+5x40'), ...webhooks('ok', '0+4x40') },
    at: 30,
  },
  StanzawireWebhooksLost: {
    fires: webhooks('gave_up', '0x5 1x20'),
    quiet: { ...webhooks('skipped', '0+5x20'), ...webhooks('failed', '0+5x20'), ...webhooks('ok', '0+5x20') },
    at: 8,
  },
  StanzawirePushFailing: {
    fires: { ...pushes('unreachable', '0+3x40'), ...pushes('ok', '0+1x40') },
    // Browsers that are gone, and messages that were read meanwhile, are no failures.
    quiet: { ...pushes('gone', '0+5x40'), ...pushes('skipped', '0+9x40'), ...pushes('ok', '0+1x40') },
    at: 30,
  },
  StanzawireEventLoopLag: {
    fires: { nodejs_eventloop_lag_p99_seconds: '0.3x20', 'stanzawire_build_info{version="1"}': '1x20' },
    // Another program of the same language is not our affair.
    quiet: { nodejs_eventloop_lag_p99_seconds: '0.3x20' },
    at: 10,
  },
  StanzawireHeapNearLimit: {
    fires: { nodejs_heap_size_used_bytes: '900x30', stanzawire_heap_limit_bytes: '1000x30' },
    quiet: { nodejs_heap_size_used_bytes: '800x30', stanzawire_heap_limit_bytes: '1000x30' },
    at: 20,
  },
  StanzawireConfigReloadFailed: {
    fires: { stanzawire_config_last_reload_successful: '1x3 0x20' },
    // Mended within minutes.
    quiet: { stanzawire_config_last_reload_successful: '1x3 0x3 1x20' },
    at: 10,
  },
  StanzawireDrainTooLong: {
    fires: { stanzawire_drain_elapsed_seconds: '0x5 18 _x20', stanzawire_drain_limit_seconds: '10x6 _x20' },
    quiet: { stanzawire_drain_elapsed_seconds: '0x5 12 _x20', stanzawire_drain_limit_seconds: '10x6 _x20' },
    at: 8,
  },
};

{{/* What the schema of the values cannot tell. Every refusal names the value and the remedy. */}}
{{- define "stanzawire.validate" -}}
{{- include "stanzawire.validateSecrets" . -}}
{{- include "stanzawire.validateConfig" . -}}
{{- include "stanzawire.validateMode" . -}}
{{- include "stanzawire.validateReplicas" . -}}
{{- $least := add (include "stanzawire.drainSeconds" . | int) 15 | int -}}
{{- if lt (include "stanzawire.gracePeriod" . | int) $least -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is less than the stop may take; make it at least %d (config.drain.time and 15 seconds), or leave it empty" (int .Values.terminationGracePeriodSeconds) $least) -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.validateSecrets" -}}
{{- with .Values.secrets -}}
{{- if and .existingSecret (or .component .token .api .webhooks .authWebhook) -}}
{{- fail "secrets: existingSecret goes with none of secrets.component, secrets.token, secrets.api, secrets.webhooks and secrets.authWebhook; keep one way" -}}
{{- end -}}
{{- if not (or .existingSecret .component) -}}
{{- fail "secrets: the component's secret is missing; set secrets.existingSecret to a Secret with the key component-secret (and token-key), or, for a try, secrets.component" -}}
{{- end -}}
{{- end -}}
{{- $guests := dig "auth" "guest" "enabled" false .Values.config -}}
{{- $jwks := dig "auth" "jwt" "jwksUrl" "" .Values.config -}}
{{- $backend := dig "auth" "webhook" "url" "" .Values.config -}}
{{- if not (or $guests $jwks $backend (include "stanzawire.hasTokenKey" .)) -}}
{{- fail "secrets: nobody could connect; set secrets.existingSecret (with secrets.tokenKey), secrets.token, config.auth.jwt.jwksUrl, config.auth.webhook.url or config.auth.guest.enabled" -}}
{{- end -}}
{{- if and $jwks .Values.secrets.token -}}
{{- fail "secrets.token: tokens are signed either with a shared key or with those of config.auth.jwt.jwksUrl; remove one" -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.validateConfig" -}}
{{- $config := .Values.config -}}
{{- range $section := list "xmpp" "jwt" -}}
{{- range $key := list "secret" "secretFile" -}}
{{- $at := ternary (list "xmpp") (list "auth" "jwt") (eq $section "xmpp") -}}
{{- if hasKey (ternary (dig "xmpp" dict $config) (dig "auth" "jwt" dict $config) (eq $section "xmpp")) $key -}}
{{- fail (printf "config.%s.%s: no secret belongs in the configuration, which everybody may read; set secrets.existingSecret" (join "." $at) $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $section, $value := dict "webhooks" "webhooksKey" "auth.webhook" "authWebhookKey" -}}
{{- $keys := ternary (dig "webhooks" dict $config) (dig "auth" "webhook" dict $config) (eq $section "webhooks") -}}
{{- range $key := list "secret" "secretFile" -}}
{{- if hasKey $keys $key -}}
{{- fail (printf "config.%s.%s: no secret belongs in the configuration, which everybody may read; set secrets.existingSecret and secrets.%s" $section $key $value) -}}
{{- end -}}
{{- end -}}
{{- $given := include (printf "stanzawire.%s" $value) $ -}}
{{- if and $keys.url (not $given) -}}
{{- fail (printf "config.%s.url: what is posted there is signed; set secrets.existingSecret and secrets.%s" $section $value) -}}
{{- end -}}
{{- if and $given (not $keys.url) -}}
{{- fail (printf "secrets.%s: there is no config.%s.url that it signs for; set that, or remove it" $value $section) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "apiKey" "apiKeyFile" -}}
{{- if hasKey (dig "http" "internal" dict $config) $key -}}
{{- fail (printf "config.http.internal.%s: no secret belongs in the configuration, which everybody may read; set secrets.existingSecret and secrets.apiKey" $key) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $config "mode" -}}
{{- fail "config.mode: the chart writes it; set mode" -}}
{{- end -}}
{{- if not (dig "xmpp" "domain" "" $config) -}}
{{- fail "config.xmpp.domain: missing; write the gateway's own domain, like web.example.com" -}}
{{- end -}}
{{- if and (eq .Values.mode "standalone") (not (dig "xmpp" "service" "" $config)) -}}
{{- fail "config.xmpp.service: missing; write where the XMPP server's component port is, like xmpp://prosody.chat.svc:5347" -}}
{{- end -}}
{{- range $key := list "public" "internal" -}}
{{- if eq (dig "http" $key "port" 1 $config | int) 0 -}}
{{- fail (printf "config.http.%s.port: 0 is any port, and a Service needs to know which; write one" $key) -}}
{{- end -}}
{{- end -}}
{{- $url := dig "store" "url" "" $config -}}
{{- if and (hasPrefix "sqlite:" $url) (not (and .Values.persistence.enabled (hasPrefix "sqlite:/var/lib/stanzawire/" $url))) -}}
{{- fail (printf "config.store.url: %s is not in the volume; set persistence.enabled and leave config.store.url out, or write sqlite:/var/lib/stanzawire/NAME.db" $url) -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.validateMode" -}}
{{- if eq .Values.mode "sidecar" -}}
{{- if not .Values.sidecar.selector -}}
{{- fail "sidecar.selector: missing; write the labels of the XMPP server's pods, like app.kubernetes.io/name: ejabberd" -}}
{{- end -}}
{{- if .Values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.serviceMonitor: a sidecar is found through its pod; use metrics.podMonitor" -}}
{{- end -}}
{{- range $key := list "autoscaling" "podDisruptionBudget" "networkPolicy" -}}
{{- if (index $.Values $key).enabled -}}
{{- fail (printf "%s: as a sidecar the pods are the XMPP server's; set it there" $key) -}}
{{- end -}}
{{- end -}}
{{- else if .Values.metrics.podMonitor.enabled -}}
{{- fail "metrics.podMonitor: it is for sidecar mode; use metrics.serviceMonitor" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: missing; name the gateway that the route hangs on" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: missing; write the host name that clients connect to, like chat.example.com" -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.validateReplicas" -}}
{{- if include "stanzawire.ownStore" . -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- fail (printf "replicaCount: %d processes cannot share a store of sqlite: or memory:; keep replicaCount at 1" (int .Values.replicaCount)) -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
{{- fail "autoscaling: several processes cannot share a store of sqlite: or memory:; leave autoscaling off" -}}
{{- end -}}
{{- if eq (dig "type" "Recreate" .Values.strategy) "RollingUpdate" -}}
{{- fail "strategy.type: RollingUpdate starts the new process beside the old one, which holds the store and the domain; use Recreate" -}}
{{- end -}}
{{- end -}}
{{- end -}}

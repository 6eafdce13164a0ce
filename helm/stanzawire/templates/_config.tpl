{{/* The gateway's configuration file: what values.config says, over the chart's defaults. */}}
{{- define "stanzawire.config" -}}
{{- $public := dict "host" "0.0.0.0" "port" 8080 "path" "/ws" -}}
{{- $internal := dict "host" "0.0.0.0" "port" 9090 -}}
{{- $store := dict "url" (ternary "sqlite:/var/lib/stanzawire/stanzawire.db" "memory:" .Values.persistence.enabled) -}}
{{- $config := dict "mode" .Values.mode "http" (dict "public" $public "internal" $internal) "store" $store -}}
{{- $_ := set $config "xmpp" (dict "secretFile" "/run/secrets/stanzawire/component") -}}
{{- if include "stanzawire.hasTokenKey" . -}}
{{- $_ := set $config "auth" (dict "jwt" (dict "secretFile" "/run/secrets/stanzawire/token")) -}}
{{- end -}}
{{- if include "stanzawire.apiKey" . -}}
{{- $_ := set $internal "apiKeyFile" "/run/secrets/stanzawire/api" -}}
{{- end -}}
{{- if include "stanzawire.webhooksKey" . -}}
{{- $_ := set $config "webhooks" (dict "secretFile" "/run/secrets/stanzawire/webhooks") -}}
{{- end -}}
{{- if include "stanzawire.authWebhookKey" . -}}
{{- $auth := default (dict) $config.auth -}}
{{- $_ := set $auth "webhook" (dict "secretFile" "/run/secrets/stanzawire/auth-webhook") -}}
{{- $_ := set $config "auth" $auth -}}
{{- end -}}
{{- mustMergeOverwrite $config (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* "true" where a shared key signs the tokens, and not a key set. */}}
{{- define "stanzawire.hasTokenKey" -}}
{{- $jwks := dig "auth" "jwt" "jwksUrl" "" .Values.config -}}
{{- $known := ternary .Values.secrets.tokenKey .Values.secrets.token (ne .Values.secrets.existingSecret "") -}}
{{- if and (not $jwks) $known -}}true{{- end -}}
{{- end -}}

{{/* The key of the Secret that holds the API's key; empty where the API is off. */}}
{{- define "stanzawire.apiKey" -}}
{{- with .Values.secrets -}}
{{- if .existingSecret -}}{{ .apiKey }}{{- else if .api -}}{{ default "api-key" .apiKey }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* The same of the keys that sign what is posted to the operator's backend. */}}
{{- define "stanzawire.webhooksKey" -}}
{{- with .Values.secrets -}}
{{- if .existingSecret -}}{{ .webhooksKey }}{{- else if .webhooks -}}{{ default "webhooks-key" .webhooksKey }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.authWebhookKey" -}}
{{- with .Values.secrets -}}
{{- if .existingSecret -}}{{ .authWebhookKey }}{{- else if .authWebhook -}}{{ default "auth-webhook-key" .authWebhookKey }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" where the store belongs to one process: a second one would find it locked, or know nothing of the first. */}}
{{- define "stanzawire.ownStore" -}}
{{- $url := dig "store" "url" "" (include "stanzawire.config" . | fromYaml) -}}
{{- if or (hasPrefix "sqlite:" $url) (eq $url "memory:") -}}true{{- end -}}
{{- end -}}

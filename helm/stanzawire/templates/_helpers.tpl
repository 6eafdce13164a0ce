{{/* Names, labels and small facts that the templates share. */}}

{{- define "stanzawire.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: what is hung on to it must fit into the 63 of a name. */}}
{{- define "stanzawire.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.selectorLabels" -}}
app.kubernetes.io/name: {{ include "stanzawire.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stanzawire.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "stanzawire.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object: (dict "context" $ "name" … "labels" … "annotations" …). */}}
{{- define "stanzawire.metadata" -}}
{{- $context := .context -}}
name: {{ .name }}
namespace: {{ $context.Release.Namespace }}
labels:
  {{- mustMergeOverwrite (dict) (include "stanzawire.labels" $context | fromYaml) (default (dict) .labels) | toYaml | nindent 2 }}
{{- with mustMergeOverwrite (dict) $context.Values.commonAnnotations (default (dict) .annotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The pods that have the gateway in them: ours, or the XMPP server's. */}}
{{- define "stanzawire.podSelector" -}}
{{- if eq .Values.mode "sidecar" -}}
{{- toYaml .Values.sidecar.selector -}}
{{- else -}}
{{- include "stanzawire.selectorLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}
{{- end -}}

{{- define "stanzawire.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "stanzawire.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.secretName" -}}
{{- default (include "stanzawire.fullname" .) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "stanzawire.claimName" -}}
{{- default (printf "%s-data" (include "stanzawire.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* StatefulSet where a volume of its own has to be kept to one pod, Deployment otherwise. */}}
{{- define "stanzawire.kind" -}}
{{- if .Values.persistence.enabled -}}StatefulSet{{- else -}}Deployment{{- end -}}
{{- end -}}

{{/* "1.5m" → 90, "500ms" → 1: whole seconds, rounded up. */}}
{{- define "stanzawire.seconds" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9.]+" $text | float64 -}}
{{- $unit := regexFind "[a-z]+$" $text -}}
{{- $factor := get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0) $unit | default 1.0 -}}
{{- mulf $number $factor | ceil | int -}}
{{- end -}}

{{- define "stanzawire.drainSeconds" -}}
{{- $config := include "stanzawire.config" . | fromYaml -}}
{{- include "stanzawire.seconds" (dig "drain" "time" "10s" $config) -}}
{{- end -}}

{{- define "stanzawire.gracePeriod" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add (include "stanzawire.drainSeconds" . | int) 20 -}}
{{- else -}}
{{- int .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}

{{/* A change of the configuration starts new pods; a change of a secret does not need to. */}}
{{- define "stanzawire.checksum" -}}
{{- include "stanzawire.config" . | sha256sum -}}
{{- end -}}

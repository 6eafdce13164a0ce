{{/* The gateway's container, in a pod of its own or as a native sidecar (an init container that goes on). */}}
{{- define "stanzawire.container" -}}
{{- $config := include "stanzawire.config" . | fromYaml -}}
name: stanzawire
image: {{ include "stanzawire.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [--config, /etc/stanzawire/stanzawire.yaml]
{{- if eq .Values.mode "sidecar" }}
restartPolicy: Always
{{- end }}
{{- with include "stanzawire.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: stanzawire
    containerPort: {{ $config.http.public.port | int }}
  - name: stanzawire-int
    containerPort: {{ $config.http.internal.port | int }}
startupProbe:
  {{- default (include "stanzawire.probe" (list "/livez" 2 60) | fromYaml) .Values.startupProbe | toYaml | nindent 2 }}
livenessProbe:
  {{- default (include "stanzawire.probe" (list "/livez" 10 3) | fromYaml) .Values.livenessProbe | toYaml | nindent 2 }}
readinessProbe:
  {{- default (include "stanzawire.probe" (list "/readyz" 5 2) | fromYaml) .Values.readinessProbe | toYaml | nindent 2 }}
{{- with include "stanzawire.lifecycle" . }}
lifecycle:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "stanzawire.configMounts" . | nindent 2 }}
  {{- if .Values.persistence.enabled }}
  - name: stanzawire-data
    mountPath: /var/lib/stanzawire
  {{- end }}
  - name: stanzawire-tmp
    mountPath: /tmp
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Folders, not single files: a changed Secret would never reach a subPath. */}}
{{- define "stanzawire.configMounts" -}}
- name: stanzawire-config
  mountPath: /etc/stanzawire
  readOnly: true
- name: stanzawire-secrets
  mountPath: /run/secrets/stanzawire
  readOnly: true
{{- end -}}

{{- define "stanzawire.env" -}}
{{- $memory := dig "limits" "memory" "" .Values.resources -}}
{{- if and $memory .Values.heapPercent -}}
- name: NODE_OPTIONS
  value: --max-old-space-size-percentage={{ int .Values.heapPercent }}
{{ end -}}
{{- with .Values.extraEnv -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "stanzawire.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: stanzawire-int
periodSeconds: {{ index . 1 }}
timeoutSeconds: 3
failureThreshold: {{ index . 2 }}
{{- end -}}

{{/* When it has drained, the process stays until the signal. The drain begins with it all the same where this fails. */}}
{{- define "stanzawire.lifecycle" -}}
{{- if .Values.lifecycle -}}
{{- toYaml .Values.lifecycle -}}
{{- else -}}
preStop:
  exec:
    command: [stanzawire, drain, --config, /etc/stanzawire/stanzawire.yaml]
{{- end -}}
{{- end -}}

{{- define "stanzawire.configVolumes" -}}
- name: stanzawire-config
  configMap:
    name: {{ include "stanzawire.fullname" . }}
- name: stanzawire-secrets
  secret:
    secretName: {{ include "stanzawire.secretName" . }}
    items:
      - key: {{ .Values.secrets.componentKey }}
        path: component
      {{- if include "stanzawire.hasTokenKey" . }}
      - key: {{ .Values.secrets.tokenKey }}
        path: token
      {{- end }}
      {{- with include "stanzawire.apiKey" . }}
      - key: {{ . }}
        path: api
      {{- end }}
      {{- with include "stanzawire.webhooksKey" . }}
      - key: {{ . }}
        path: webhooks
      {{- end }}
      {{- with include "stanzawire.authWebhookKey" . }}
      - key: {{ . }}
        path: auth-webhook
      {{- end }}
{{- end -}}

{{- define "stanzawire.volumes" -}}
{{- include "stanzawire.configVolumes" . }}
{{- if and .Values.persistence.enabled (or (eq .Values.mode "sidecar") .Values.persistence.existingClaim) }}
- name: stanzawire-data
  persistentVolumeClaim:
    claimName: {{ include "stanzawire.claimName" . }}
{{- end }}
- name: stanzawire-tmp
  emptyDir: {}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

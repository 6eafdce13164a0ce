{{/*
What sidecar mode hands out. A chart that has this one as a dependency takes the parts by name:
  {{ include "stanzawire.container" .Subcharts.stanzawire }} and {{ include "stanzawire.volumes" .Subcharts.stanzawire }}
*/}}

{{/* A strategic merge patch: lists are merged by name, so what the pods already have stays. */}}
{{- define "stanzawire.sidecarPatch" -}}
spec:
  template:
    metadata:
      annotations:
        checksum/stanzawire: {{ include "stanzawire.checksum" . }}
    spec:
      terminationGracePeriodSeconds: {{ include "stanzawire.gracePeriod" . }}
      {{- if not (kindIs "invalid" .Values.sidecar.fsGroup) }}
      securityContext:
        fsGroup: {{ int .Values.sidecar.fsGroup }}
      {{- end }}
      initContainers:
        - {{ include "stanzawire.container" . | indent 10 | trim }}
      volumes:
        {{- include "stanzawire.volumes" . | nindent 8 }}
{{- end -}}

{{/* Values for the chart "ejabberd" of sando38. */}}
{{- define "stanzawire.ejabberdValues" -}}
podAnnotations:
  checksum/stanzawire: {{ include "stanzawire.checksum" . }}
{{- if not (kindIs "invalid" .Values.sidecar.fsGroup) }}
podSecurityContext:
  fsGroup: {{ int .Values.sidecar.fsGroup }}
{{- end }}
statefulSet:
  terminationGracePeriodSeconds: {{ include "stanzawire.gracePeriod" . }}
  initContainers:
    - {{ include "stanzawire.container" . | indent 6 | trim }}
  additionalVolumes:
    {{- include "stanzawire.volumes" . | nindent 4 }}
{{- end -}}

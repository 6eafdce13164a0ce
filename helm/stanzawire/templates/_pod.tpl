{{/* The pod template of standalone mode. */}}
{{- define "stanzawire.pod" -}}
metadata:
  labels:
    {{- /* Not the version of the chart: it would start new pods for nothing. */}}
    {{- mustMergeOverwrite (dict) .Values.commonLabels .Values.podLabels (include "stanzawire.podSelector" . | fromYaml) | toYaml | nindent 4 }}
  annotations:
    {{- mustMergeOverwrite (dict "kubectl.kubernetes.io/default-container" "stanzawire" "checksum/config" (include "stanzawire.checksum" .)) .Values.podAnnotations | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "stanzawire.serviceAccountName" . }}
  automountServiceAccountToken: false
  # It would set a variable for every Service of the namespace.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "stanzawire.gracePeriod" . }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "stanzawire.container" . | indent 6 | trim }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "stanzawire.volumes" . | nindent 4 }}
  {{- range $key := list "nodeSelector" "affinity" "tolerations" "topologySpreadConstraints" "priorityClassName" "hostAliases" "dnsConfig" }}
  {{- with index $.Values $key }}
  {{- toYaml (dict $key .) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

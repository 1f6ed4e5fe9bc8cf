{{/*
"true" if the cleanup takes conditions from the workloads themselves: those that were written before they were switched off. With
watchNamespaces they are left and named: a Role in a namespace that is gone could not be made, nor one of whoever may not grant this
right, and nothing would be uninstalled.
*/}}
{{- define "rollout-reporter.cleansWorkloads" -}}
{{- and .Values.cleanup.enabled .Values.rbac.create (not .Values.conditions.onWorkloads) (empty .Values.watchNamespaces) -}}
{{- end -}}

{{/*
Labels and annotations of the pod of a hook or test. Takes {root, name}. Not the selector's labels: the metrics Service
must not find it.
*/}}
{{- define "rollout-reporter.hookPodMetadata" -}}
{{- $ours := dict
  "app.kubernetes.io/name" (printf "%s-%s" (include "rollout-reporter.name" .root) .name)
  "app.kubernetes.io/instance" .root.Release.Name
}}
labels:
  {{- merge $ours .root.Values.podLabels .root.Values.commonLabels | toYaml | nindent 2 }}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Its spec. Takes {root, name, run: what the container runs, as a map of command and args}. */}}
{{- define "rollout-reporter.hookPodSpec" -}}
{{ include "rollout-reporter.podSpec" .root }}
restartPolicy: Never
containers:
  - name: {{ .name | quote }}
    {{- toYaml .run | nindent 4 }}
    {{- include "rollout-reporter.container" .root | nindent 4 }}
    resources:
      {{- toYaml .root.Values.hooks.resources | nindent 6 }}
{{- end -}}

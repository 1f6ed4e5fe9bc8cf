{{/*
Who writes `metrics:` with nothing below it has taken the defaults away: so Helm reads an empty value. People mean the default, and that
is what they get here; nothing, where the value is a piece of Kubernetes that they want to be without (securityContext, resources).
Every template begins with this, as nobody promises which one is rendered first; all of them see the same values.
*/}}
{{- define "rollout-reporter.complete" -}}
{{- if not .Values.isComplete -}}
  {{- /* Shared with other charts, so what is added is added to a copy. */ -}}
  {{- $_ := set .Values "global" (.Values.global | default dict | deepCopy) -}}
  {{- include "rollout-reporter.fill" (dict "values" .Values "defaults" (.Files.Get "files/defaults.yaml" | fromYaml)) -}}
  {{- $_ := set .Values "isComplete" true -}}
{{- end -}}
{{- end -}}

{{/* Not `merge`, which takes false and 0 for empty. */}}
{{- define "rollout-reporter.fill" -}}
{{- range $key, $default := .defaults -}}
  {{- $value := index $.values $key -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := set $.values $key $default -}}
  {{- else if kindIs "map" $default -}}
    {{- include "rollout-reporter.fill" (dict "values" $value "defaults" $default) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

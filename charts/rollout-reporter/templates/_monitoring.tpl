{{/*
"true" if an object of the Prometheus operator is to be rendered. Takes {root, kind, values}.
A rendering without a cluster (`helm template`) knows no kinds, and so counts as a cluster without them, unless told by --api-versions.
*/}}
{{- define "rollout-reporter.isMonitored" -}}
{{- $known := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) -}}
{{- if and .values.enabled (not $known) (eq .values.renderMode "failIfMissing") -}}
{{- fail (printf "\n\nThis cluster serves no %s: install the Prometheus operator first, or set renderMode to skipIfMissing.\n" .kind) -}}
{{- end -}}
{{- and .values.enabled (or $known (eq .values.renderMode "alwaysRender")) -}}
{{- end -}}

{{/*
Metadata of an object for Prometheus or Grafana. Takes {root, values}. In a namespace where those of others are, too, its name says
whose it is.
*/}}
{{- define "rollout-reporter.monitoringMetadata" -}}
{{- $own := .root.Release.Namespace -}}
{{- $namespace := .values.namespace | default $own -}}
{{- $name := include "rollout-reporter.fullname" .root -}}
name: {{ eq $namespace $own | ternary $name (printf "%s-%s" $name $own) | quote }}
namespace: {{ $namespace | quote }}
labels:
  {{- merge (include "rollout-reporter.labels" .root | fromYaml) .values.additionalLabels | toYaml | nindent 2 }}
{{- end -}}

{{/* An endpoint of a ServiceMonitor or PodMonitor. */}}
{{- define "rollout-reporter.endpoint" -}}
port: metrics
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rollout-reporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Longest suffix of a derived name: "-await-crds". 63 - 11 = 52. */}}
{{- define "rollout-reporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "rollout-reporter.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rollout-reporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The chart's own labels win over commonLabels: the selector must hold, whatever people add. */}}
{{- define "rollout-reporter.labels" -}}
{{- $ours := include "rollout-reporter.selectorLabels" . | fromYaml -}}
{{- $_ := set $ours "app.kubernetes.io/version" (.Chart.AppVersion | toString) -}}
{{- $_ := set $ours "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $ours "app.kubernetes.io/part-of" "rollout-reporter" -}}
{{- $_ := set $ours "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $ours .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "rollout-reporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rollout-reporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.image" -}}
{{- $image := printf "%s/%s" (.Values.global.imageRegistry | default .Values.image.registry) .Values.image.repository -}}
{{- $tag := .Values.image.tag -}}
{{- if not (or $tag .Values.image.digest) -}}
{{- $tag = .Chart.AppVersion -}}
{{- end -}}
{{- with $tag -}}{{- $image = printf "%s:%s" $image . -}}{{- end -}}
{{- with .Values.image.digest -}}{{- $image = printf "%s@%s" $image . -}}{{- end -}}
{{- $image -}}
{{- end -}}

{{- define "rollout-reporter.imagePullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The Secret that the JiraSite names: the user's, or the one that the chart makes, or that the user may make later. */}}
{{- define "rollout-reporter.secretName" -}}
{{- .Values.jira.existingSecret | default (printf "%s-jira" (include "rollout-reporter.fullname" .)) -}}
{{- end -}}

{{/* A URL's parts as JSON, {} if it is none. The grammar is that of rollout_reporter/jira/hosts.py. */}}
{{- define "rollout-reporter.url" -}}
{{- $grammar := `(?i)^(https?)://([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(/[a-z0-9._~%/-]*)?$` -}}
{{- if regexMatch $grammar . -}}
{{- dict "scheme" (regexReplaceAll $grammar . "${1}" | lower) "host" (regexReplaceAll $grammar . "${2}" | lower) "port" (regexReplaceAll $grammar . "${3}") "path" (regexReplaceAll $grammar . "${4}") | toJson -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* "true" if jira.allowedHosts names the host of a URL, or it is loopback. Takes {url: parts, hosts: list}. */}}
{{- define "rollout-reporter.isNamedHost" -}}
{{- $named := regexMatch `^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$` .url.host -}}
{{- range .hosts -}}
{{- if has (lower .) (list $.url.host (printf "%s:%s" $.url.host $.url.port)) -}}{{- $named = true -}}{{- end -}}
{{- end -}}
{{- $named -}}
{{- end -}}

{{/*
"true" while the API server is there and does not serve JiraSites yet: the very first install in a cluster.
A rendering without a cluster (`helm template`) knows group versions only, no kinds, and counts as "false".
*/}}
{{- define "rollout-reporter.crdsAreMissing" -}}
{{- and (.Capabilities.APIVersions.Has "apps/v1/Deployment") (not (.Capabilities.APIVersions.Has "rollout-reporter.dev/v1alpha1/JiraSite")) -}}
{{- end -}}

{{/* Labels and names end at 63, and the longest suffix that they get here is "-await-crds": 63 - 11 = 52. */}}
{{- define "rollout-reporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimAll "-." -}}
{{- end -}}

{{/* A release's name may hold dots, that of a Service may not. */}}
{{- define "rollout-reporter.fullname" -}}
{{- $name := include "rollout-reporter.name" . -}}
{{- $own := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $own | replace "." "-" | trunc 52 | trimAll "-" -}}
{{- end -}}

{{- define "rollout-reporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rollout-reporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
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
{{- $image := printf "%s/%s" (.Values.global.imageRegistry | default .Values.image.registry | trimSuffix "/") .Values.image.repository -}}
{{- $tag := .Values.image.tag -}}
{{- if not (or $tag .Values.image.digest) -}}
{{- $tag = .Chart.AppVersion -}}
{{- end -}}
{{- with $tag -}}{{- $image = printf "%s:%s" $image . -}}{{- end -}}
{{- with .Values.image.digest -}}{{- $image = printf "%s@%s" $image . -}}{{- end -}}
{{- $image -}}
{{- end -}}

{{/* Names or {name: text}: charts that share `global` do not agree. */}}
{{- define "rollout-reporter.imagePullSecrets" -}}
{{- $secrets := list -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
  {{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- with $secrets -}}
imagePullSecrets:
  {{- uniq . | toYaml | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The Secret that the JiraSite names: the user's, or the one that the chart makes, or that the user may make later. */}}
{{- define "rollout-reporter.secretName" -}}
{{- .Values.jira.existingSecret | default (printf "%s-jira" (include "rollout-reporter.fullname" .)) -}}
{{- end -}}

{{/*
A URL's parts as JSON, {} if it is none. The grammar is that of rollout_reporter/jira/hosts.py, but for the scheme in small letters, which
the CRD asks for.
*/}}
{{- define "rollout-reporter.url" -}}
{{- $grammar := `^(https?)://((?i:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]))(?::([0-9]{1,5}))?((?i:/[a-z0-9._~%/-]*)?)$` -}}
{{- if regexMatch $grammar . -}}
{{- dict "scheme" (regexReplaceAll $grammar . "${1}") "host" (regexReplaceAll $grammar . "${2}" | lower) "port" (regexReplaceAll $grammar . "${3}") "path" (regexReplaceAll $grammar . "${4}") | toJson -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* More is let pass than above: a proxy's URL may hold a user's name. */}}
{{- define "rollout-reporter.portGrammar" -}}
(?i)^(https?)://(?:[^/\s]*@)?(?:\[[0-9a-f:.]+\]|[^/\s:@?#]+)(?::([0-9]+))?(?:[/?#]\S*)?$
{{- end -}}

{{/* The port that a URL leads to: the one that it names, else its scheme's; nothing if it is no URL. */}}
{{- define "rollout-reporter.port" -}}
{{- $grammar := include "rollout-reporter.portGrammar" . -}}
{{- if regexMatch $grammar . -}}
{{- regexReplaceAll $grammar . "${2}" | default (regexReplaceAll $grammar . "${1}" | lower | eq "http" | ternary "80" "443") -}}
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

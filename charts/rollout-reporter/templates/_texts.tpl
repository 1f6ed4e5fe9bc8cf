{{/*
Texts that must look like something. The schema could hold the expressions; Helm would print them, and a person would have to read them.
*/}}
{{- define "rollout-reporter.textFaults" -}}
{{- $looks := include "rollout-reporter.looks" . | fromYaml -}}
{{- range include "rollout-reporter.texts" . | fromJsonArray -}}
  {{- $look := get $looks .look -}}
  {{- $text := toString .value -}}
  {{- if not (or (regexMatch $look.is $text) (and .optional (empty $text))) -}}
    {{- printf "%s %q %s" .at $text $look.advice | println -}}
  {{- else if eq .look "glob" -}}
    {{- include "rollout-reporter.rangeFaults" (dict "at" .at "glob" $text) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Ranges in a glob that hold nothing. Takes {at, glob}. */}}
{{- define "rollout-reporter.rangeFaults" -}}
{{- range regexFindAll `[a-z0-9]-[a-z0-9]` (regexFindAll `\[[^\]]*\]` .glob -1 | join " ") -1 -}}
  {{- if gt (trunc 1 .) (trunc -1 .) -}}
    {{- printf "%s %q: [%s] runs backwards: write [%s-%s]." $.at $.glob . (trunc -1 .) (trunc 1 .) | println -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* What each kind of text looks like, and what is said behind one that does not. */}}
{{- define "rollout-reporter.looks" -}}
object:
  is: ^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$
  advice: "is no name of a Kubernetes object: write small letters, digits, and - or . in between."
fullname:
  is: ^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$
  advice: "can be no Service's name, or is too long for what is added to it: write small letters, digits, and - in between, beginning with a letter, at most 52."
namespace:
  is: ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$
  advice: "is no Namespace's name: write small letters, digits, and - in between."
watched:
  is: ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$
  advice: "is no namespace's name (globs cannot have Roles): name each namespace, or leave watchNamespaces empty and use namespaceSelector."
glob:
  is: {{ include "rollout-reporter.globGrammar" . | quote }}
  advice: "can match no Namespace: write a name, with the wildcards * ? [ab] [a-c] [!ab]."
selector:
  is: {{ include "rollout-reporter.selectorGrammar" . | quote }}
  advice: "is no label selector: write what kubectl takes, key=value, key!=value, key in (a,b), key notin (a,b), key or !key, with commas in between."
key:
  is: ^[A-Za-z0-9._-]{1,253}$
  advice: "is no key of a Secret or ConfigMap: write letters, digits, and . _ or -, such as clientId."
cluster:
  is: ^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$
  advice: "cannot be part of an id: write letters, digits, and . _ - in between, at most 100, such as prod-eu-1."
host:
  is: ^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$
  advice: "is no host: write a name or name:port, without https:// and without a path."
proxy:
  is: {{ include "rollout-reporter.portGrammar" . | quote }}
  advice: "is no URL: write http://proxy.example.com:3128."
email:
  is: ^[^@\s]+@[^@\s]+$
  advice: is no e-mail address.
cloudId:
  is: ^[A-Za-z0-9-]{1,64}$
  advice: "is no cloud id: copy it from https://example.atlassian.net/_edge/tenant_info of your site, or leave it out."
project:
  is: ^[A-Z][A-Z0-9_]+$
  advice: "is no project's key: write it in upper case, as it stands before an issue's number, such as SHOP."
duration:
  is: ^([0-9]+(ms|[smhdwy]))+$
  advice: "is no duration: write it as Prometheus reads it, such as 30s or 1m30s."
share:
  is: ^([0-9]+|(100|[0-9]{1,2})%)$
  advice: "is neither a number nor percent: write 1 or \"50%\"."
label:
  is: ^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$
  advice: "is no value of a label: write letters, digits, and - _ or . in between, at most 63."
link:
  is: ^https?://\S+$
  advice: "is no URL: write https://, the host, and what follows it."
registry:
  is: ^[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/?$
  advice: "is no registry: write its host, such as ghcr.io or registry.example.com:5000, without https://."
repository:
  is: ^[a-z0-9]+([._/-]+[a-z0-9]+)*$
  advice: "is no image's name: write small letters, digits, and . _ - / in between; registry and tag have values of their own."
tag:
  is: ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$
  advice: "is no tag: write letters, digits, and . _ or -, such as 0.1.0."
numeric:
  is: ^$
  advice: "is a number, and numbers lose the zeros at their end: put it in quotes, as \"1.10\", or use --set-string."
digest:
  is: ^sha256:[0-9a-f]{64}$
  advice: "is no digest: write sha256: and 64 hexadecimal digits."
{{- end -}}

{{/* The texts themselves as a JSON list of {at: where it stands in the values, value, look, optional: whether it may be empty}. */}}
{{- define "rollout-reporter.texts" -}}
{{- $texts := list -}}

{{- $optional := dict
  "object" "caBundle.configMapName caBundle.secretName jira.existingSecret nameOverride priorityClassName runtimeClassName serviceAccount.name"
  "fullname" "fullnameOverride"
  "namespace" "metrics.serviceMonitor.namespace metrics.podMonitor.namespace metrics.prometheusRule.namespace metrics.dashboards.namespace"
  "duration" "metrics.serviceMonitor.interval metrics.serviceMonitor.scrapeTimeout metrics.podMonitor.interval metrics.podMonitor.scrapeTimeout"
  "selector" "namespaceSelector"
  "cluster" "clusterName"
  "proxy" "proxy.httpProxy proxy.httpsProxy"
  "email" "jira.email"
  "cloudId" "jira.cloudId"
  "share" "podDisruptionBudget.minAvailable"
  "registry" "global.imageRegistry"
  "digest" "image.digest"
  "link" "metrics.prometheusRule.runbookURL"
-}}
{{- $needed := dict
  "key" "caBundle.key jira.secretKeys.clientId jira.secretKeys.clientSecret"
  "share" "podDisruptionBudget.maxUnavailable"
  "registry" "image.registry"
  "repository" "image.repository"
-}}
{{- range $need, $places := dict "optional" $optional "needed" $needed -}}
  {{- range $look, $paths := $places -}}
    {{- range $at := splitList " " $paths -}}
      {{- $value := $.Values -}}
      {{- range splitList "." $at -}}{{- $value = index $value . -}}{{- end -}}
      {{- $texts = append $texts (dict "at" $at "value" $value "look" $look "optional" (eq $need "optional")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- $look := kindIs "string" .Values.image.tag | ternary "tag" "numeric" -}}
{{- $texts = append $texts (dict "at" "image.tag" "value" .Values.image.tag "look" $look "optional" true) -}}

{{- $lists := dict
  "watchNamespaces" (list "watched" .Values.watchNamespaces)
  "excludeNamespaces" (list "glob" .Values.excludeNamespaces)
  "jira.allowedHosts" (list "host" .Values.jira.allowedHosts)
  "rbac.secretNames" (list "object" .Values.rbac.secretNames)
  "imagePullSecrets" (list "object" .Values.imagePullSecrets)
  "global.imagePullSecrets" (list "object" .Values.global.imagePullSecrets)
-}}
{{- range $at, $each := $lists -}}
  {{- range $index, $value := last $each -}}
    {{- if kindIs "map" $value -}}{{- $value = $value.name -}}{{- end -}}
    {{- $texts = append $texts (dict "at" (printf "%s[%d]" $at $index) "value" $value "look" (first $each)) -}}
  {{- end -}}
{{- end -}}

{{- range $at, $labels := dict "commonLabels" .Values.commonLabels "podLabels" .Values.podLabels "serviceAccount.labels" .Values.serviceAccount.labels -}}
  {{- range $key, $value := $labels -}}
    {{- $texts = append $texts (dict "at" (printf "%s.%s" $at $key) "value" $value "look" "label" "optional" true) -}}
  {{- end -}}
{{- end -}}

{{- range $place := include "rollout-reporter.places" . | fromJsonArray -}}
  {{- $own := eq .at "jira" -}}
  {{- range $list, $rules := dict
    (printf "%s.access" .at) .site.access
    ($own | ternary "environments" (printf "%s.environments" .at)) ($own | ternary $.Values.environments .site.environments)
  -}}
    {{- range $number, $rule := $rules -}}
      {{- range $index, $glob := $rule.namespaces -}}
        {{- $texts = append $texts (dict "at" (printf "%s[%d].namespaces[%d]" $list $number $index) "value" $glob "look" "glob") -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $number, $rule := .site.access -}}
    {{- range $rule.projects -}}
      {{- $texts = append $texts (dict "at" (printf "%s.access[%d].projects" $place.at $number) "value" . "look" "project") -}}
    {{- end -}}
  {{- end -}}
  {{- if ne .at "jira" -}}
    {{- range $key, $look := dict "name" "object" "existingSecret" "object" "email" "email" "cloudId" "cloudId" -}}
      {{- $texts = append $texts (dict "at" (printf "%s.%s" $place.at $key) "value" (get $place.site $key) "look" $look "optional" (ne $look "object")) -}}
    {{- end -}}
    {{- range $key, $value := .site.secretKeys -}}
      {{- $texts = append $texts (dict "at" (printf "%s.secretKeys.%s" $place.at $key) "value" $value "look" "key") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $texts -}}
{{- end -}}

{{/* All JiraSites as JSON: {sites: [{name, spec}]}. The one of `jira` itself is called default. */}}
{{- define "rollout-reporter.sites" -}}
{{- $sites := list -}}
{{- with .Values.jira -}}
  {{- if .siteURL -}}
    {{- $own := merge (dict "name" "default" "existingSecret" (include "rollout-reporter.secretName" $) "environments" $.Values.environments) . -}}
    {{- $sites = append $sites (include "rollout-reporter.site" $own | fromJson) -}}
  {{- end -}}
  {{- range .sites -}}
    {{- $sites = append $sites (include "rollout-reporter.site" . | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- dict "sites" $sites | toJson -}}
{{- end -}}

{{- define "rollout-reporter.site" -}}
{{- $keys := .secretKeys | default dict -}}
{{- $secret := dict "name" .existingSecret "clientIdKey" ($keys.clientId | default "clientId") "clientSecretKey" ($keys.clientSecret | default "clientSecret") -}}
{{- $spec := dict "siteURL" (trimSuffix "/" .siteURL) "apiURL" (.apiURL | default "https://api.atlassian.com" | trimSuffix "/") "credentialsSecretRef" $secret -}}
{{- range $field := list "cloudId" "email" "urlTemplate" "environments" "access" -}}
  {{- with get $ $field -}}{{- $_ := set $spec $field . -}}{{- end -}}
{{- end -}}
{{- dict "name" .name "spec" $spec | toJson -}}
{{- end -}}

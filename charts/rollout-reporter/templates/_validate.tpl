{{/*
What a schema cannot say, or only in words that do not help. All faults are told at once; each sentence says what to do.
*/}}
{{- define "rollout-reporter.validate" -}}
{{- $faults := list -}}
{{- $jira := .Values.jira -}}

{{- if $jira.siteURL -}}
  {{- $url := include "rollout-reporter.url" $jira.siteURL | fromJson -}}
  {{- if not $url.host -}}
    {{- $faults = append $faults (printf "jira.siteURL %q is no plain URL: write scheme and host only, such as https://example.atlassian.net." $jira.siteURL) -}}
  {{- else if not (has $url.path (list "" "/")) -}}
    {{- $faults = append $faults (printf "jira.siteURL %q has a path: cut it off behind the host, leaving %s://%s%s." $jira.siteURL $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port))) -}}
  {{- else if and (eq $url.scheme "http") (ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" $jira.allowedHosts))) -}}
    {{- $faults = append $faults (printf "jira.siteURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $jira.siteURL $url.host) -}}
  {{- end -}}
{{- else -}}
  {{- range $key := list "cloudId" "existingSecret" "clientId" "clientSecret" "email" "urlTemplate" "access" -}}
    {{- if get $jira $key -}}
      {{- $faults = append $faults (printf "jira.%s is set, but jira.siteURL is not: add --set jira.siteURL=https://example.atlassian.net." $key) -}}
    {{- end -}}
  {{- end -}}
  {{- if .Values.environments -}}
    {{- $faults = append $faults "environments is set, but jira.siteURL is not, and the rules are part of the site: add --set jira.siteURL=https://example.atlassian.net." -}}
  {{- end -}}
{{- end -}}

{{- $url := include "rollout-reporter.url" $jira.apiURL | fromJson -}}
{{- if not $url.host -}}
  {{- $faults = append $faults (printf "jira.apiURL %q is no plain URL: leave it out to use https://api.atlassian.com." $jira.apiURL) -}}
{{- else if not (has $url.path (list "" "/")) -}}
  {{- $faults = append $faults (printf "jira.apiURL %q has a path: cut it off behind the host, leaving %s://%s%s." $jira.apiURL $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port))) -}}
{{- else if ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" $jira.allowedHosts)) -}}
  {{- if not (or (eq $url.host "api.atlassian.com") (hasSuffix ".atlassian.net" $url.host)) -}}
    {{- $faults = append $faults (printf "jira.apiURL %q is not Atlassian's, and credentials would be sent there: name %s in jira.allowedHosts if this is meant." $jira.apiURL $url.host) -}}
  {{- else if eq $url.scheme "http" -}}
    {{- $faults = append $faults (printf "jira.apiURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $jira.apiURL $url.host) -}}
  {{- else if not (has $url.port (list "" "443")) -}}
    {{- $faults = append $faults (printf "jira.apiURL %q has a port: Atlassian answers on 443 only, leave the port out." $jira.apiURL) -}}
  {{- end -}}
{{- end -}}

{{- if and $jira.urlTemplate (not (regexMatch `^https?://` $jira.urlTemplate)) -}}
  {{- $faults = append $faults (printf "jira.urlTemplate %q must begin with https:// or http://: Jira shows it as a link." $jira.urlTemplate) -}}
{{- end -}}

{{- if and $jira.existingSecret (or $jira.clientId $jira.clientSecret) -}}
  {{- $faults = append $faults "jira.existingSecret and jira.clientId/jira.clientSecret exclude each other: keep jira.existingSecret, and take the others out of your values." -}}
{{- else if and $jira.clientId (not $jira.clientSecret) -}}
  {{- $faults = append $faults "jira.clientId is set, but jira.clientSecret is not: set both, or put both into a Secret and name it in jira.existingSecret." -}}
{{- else if and $jira.clientSecret (not $jira.clientId) -}}
  {{- $faults = append $faults "jira.clientSecret is set, but jira.clientId is not: set both, or put both into a Secret and name it in jira.existingSecret." -}}
{{- end -}}

{{- if .Values.watchNamespaces -}}
  {{- if not .Values.clusterName -}}
    {{- $faults = append $faults "watchNamespaces needs clusterName: without cluster-wide rights the operator cannot read this cluster's own id. Set clusterName to a name that stays, such as prod-eu-1." -}}
  {{- end -}}
  {{- if .Values.namespaceSelector -}}
    {{- $faults = append $faults "watchNamespaces and namespaceSelector exclude each other: labels of Namespaces can be selected with cluster-wide rights only. Take one of them out." -}}
  {{- end -}}
  {{- if .Values.excludeNamespaces -}}
    {{- $faults = append $faults "watchNamespaces and excludeNamespaces exclude each other: take the namespaces to leave out of watchNamespaces." -}}
  {{- end -}}
  {{- range .Values.watchNamespaces -}}
    {{- if not (regexMatch `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$` .) -}}
      {{- $faults = append $faults (printf "watchNamespaces %q is no namespace's name (globs cannot have Roles): name each namespace, or leave watchNamespaces empty and use namespaceSelector." .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
  {{- $faults = append $faults "serviceAccount.create is false: name the account to use in serviceAccount.name (the rights would go to \"default\", and so to every pod of the namespace)." -}}
{{- end -}}

{{- if eq (int .Values.metrics.port) 8081 -}}
  {{- $faults = append $faults "metrics.port 8081 is the port of the probes: take another one." -}}
{{- end -}}

{{- if and $jira.siteURL (not .Values.crds.enabled) (eq "true" (include "rollout-reporter.crdsAreMissing" .)) -}}
  {{- $faults = append $faults "crds.enabled is false, and this cluster has no JiraSite CRD: apply the chart's files/crds first (kubectl apply --server-side -f files/crds), or set crds.enabled=true." -}}
{{- end -}}

{{- if $faults -}}
  {{- fail (printf "\n\nThese values cannot work:\n  - %s\n" ($faults | join "\n  - ")) -}}
{{- end -}}
{{- end -}}

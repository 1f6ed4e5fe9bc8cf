{{/*
What a schema cannot say, or only in words that do not help. All faults are told at once; each sentence says what to do.
*/}}
{{- define "rollout-reporter.validate" -}}
{{- $faults := list -}}
{{- $jira := .Values.jira -}}

{{- if $jira.siteURL -}}
  {{- $faults = concat $faults (include "rollout-reporter.urlFaults" (dict "at" "jira" "site" $jira "hosts" $jira.allowedHosts) | fromJsonArray) -}}
{{- else -}}
  {{- range $key := list "cloudId" "existingSecret" "clientId" "clientSecret" "email" "urlTemplate" "access" -}}
    {{- if get $jira $key -}}
      {{- $faults = append $faults (printf "jira.%s is set, but jira.siteURL is not: add --set jira.siteURL=https://example.atlassian.net." $key) -}}
    {{- end -}}
  {{- end -}}
  {{- if .Values.environments -}}
    {{- $faults = append $faults "environments is set, but jira.siteURL is not, and the rules are part of the site: add --set jira.siteURL=https://example.atlassian.net." -}}
  {{- end -}}
  {{- $faults = concat $faults (include "rollout-reporter.urlFaults" (dict "at" "jira" "site" (omit $jira "siteURL" "urlTemplate") "hosts" $jira.allowedHosts) | fromJsonArray) -}}
{{- end -}}
{{- $names := list -}}
{{- range $index, $site := $jira.sites -}}
  {{- $faults = concat $faults (include "rollout-reporter.urlFaults" (dict "at" (printf "jira.sites[%d]" $index) "site" $site "hosts" $jira.allowedHosts) | fromJsonArray) -}}
  {{- if eq $site.name "default" -}}
    {{- $faults = append $faults (printf "jira.sites[%d] is called default, which is the site of jira.siteURL: give it another name." $index) -}}
  {{- end -}}
  {{- if has $site.name $names -}}
    {{- $faults = append $faults (printf "jira.sites names %q twice: give each site a name of its own." $site.name) -}}
  {{- end -}}
  {{- $names = append $names $site.name -}}
{{- end -}}

{{- range include "rollout-reporter.texts" . | fromYamlArray -}}
  {{- if not (regexMatch .is (toString .value)) -}}
    {{- $faults = append $faults (printf "%s %q %s" .at (toString .value) .advice) -}}
  {{- end -}}
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

{{- if and .Values.caBundle.configMapName .Values.caBundle.secretName -}}
  {{- $faults = append $faults "caBundle.configMapName and caBundle.secretName exclude each other: take one of them out." -}}
{{- end -}}

{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
  {{- $faults = append $faults "metrics.serviceMonitor and metrics.podMonitor are both enabled, and every sample would be stored twice: switch one off." -}}
{{- end -}}
{{- range $monitor := list "serviceMonitor" "podMonitor" -}}
  {{- if and (get $.Values.metrics $monitor).enabled (not $.Values.metrics.enabled) -}}
    {{- $faults = append $faults (printf "metrics.%s is enabled, but metrics.enabled is false: there is nothing to scrape. Set metrics.enabled=true." $monitor) -}}
  {{- end -}}
{{- end -}}

{{- $alerts := list -}}
{{- range (.Files.Get "files/rules.yaml" | fromYaml).groups -}}{{- range .rules -}}{{- $alerts = append $alerts .alert -}}{{- end -}}{{- end -}}
{{- range .Values.metrics.prometheusRule.disabledAlerts -}}
  {{- if not (has . $alerts) -}}
    {{- $faults = append $faults (printf "metrics.prometheusRule.disabledAlerts %q is no alert of this chart: there are %s." . (join ", " $alerts)) -}}
  {{- end -}}
{{- end -}}

{{- if and (has "Deny" .Values.admissionPolicy.actions) (has "Warn" .Values.admissionPolicy.actions) -}}
  {{- $faults = append $faults "admissionPolicy.actions holds Deny and Warn, and the API server takes one of them only: leave Warn out, a denial tells the same." -}}
{{- end -}}

{{- if and (include "rollout-reporter.sites" . | fromJson).sites (not .Values.crds.enabled) (eq "true" (include "rollout-reporter.crdsAreMissing" .)) -}}
  {{- $faults = append $faults "crds.enabled is false, and this cluster has no JiraSite CRD: apply the chart's files/crds first (kubectl apply --server-side -f files/crds), or set crds.enabled=true." -}}
{{- end -}}

{{- if $faults -}}
  {{- fail (printf "\n\nThese values cannot work:\n  - %s\n" ($faults | join "\n  - ")) -}}
{{- end -}}
{{- end -}}

{{/* Faults in the URLs of a site, as a JSON array. Takes {at: where it stands in the values, site, hosts: jira.allowedHosts}. */}}
{{- define "rollout-reporter.urlFaults" -}}
{{- $faults := list -}}
{{- $at := .at -}}
{{- with .site.siteURL -}}
  {{- $url := include "rollout-reporter.url" . | fromJson -}}
  {{- if not $url.host -}}
    {{- $faults = append $faults (printf "%s.siteURL %q is no plain URL: write scheme and host only, such as https://example.atlassian.net." $at .) -}}
  {{- else if not (has $url.path (list "" "/")) -}}
    {{- $faults = append $faults (printf "%s.siteURL %q has a path: cut it off behind the host, leaving %s://%s%s." $at . $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port))) -}}
  {{- else if and (eq $url.scheme "http") (ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" $.hosts))) -}}
    {{- $faults = append $faults (printf "%s.siteURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $at . $url.host) -}}
  {{- end -}}
{{- end -}}
{{- with .site.apiURL -}}
  {{- $url := include "rollout-reporter.url" . | fromJson -}}
  {{- if not $url.host -}}
    {{- $faults = append $faults (printf "%s.apiURL %q is no plain URL: leave it out to use https://api.atlassian.com." $at .) -}}
  {{- else if not (has $url.path (list "" "/")) -}}
    {{- $faults = append $faults (printf "%s.apiURL %q has a path: cut it off behind the host, leaving %s://%s%s." $at . $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port))) -}}
  {{- else if ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" $.hosts)) -}}
    {{- if not (or (eq $url.host "api.atlassian.com") (hasSuffix ".atlassian.net" $url.host)) -}}
      {{- $faults = append $faults (printf "%s.apiURL %q is not Atlassian's, and credentials would be sent there: name %s in jira.allowedHosts if this is meant." $at . $url.host) -}}
    {{- else if eq $url.scheme "http" -}}
      {{- $faults = append $faults (printf "%s.apiURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $at . $url.host) -}}
    {{- else if not (has $url.port (list "" "443")) -}}
      {{- $faults = append $faults (printf "%s.apiURL %q has a port: Atlassian answers on 443 only, leave the port out." $at .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with .site.urlTemplate -}}
  {{- if not (regexMatch `^https?://` .) -}}
    {{- $faults = append $faults (printf "%s.urlTemplate %q must begin with https:// or http://: Jira shows it as a link." $at .) -}}
  {{- end -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}

{{/*
Texts that must look like something, as a YAML list of {at, value, is: a regular expression, advice: what is printed after the value}.
The schema could hold the expressions; Helm would print them, and a person would have to read them.
*/}}
{{- define "rollout-reporter.texts" -}}
{{- $texts := list
  (dict "at" "clusterName" "value" .Values.clusterName "is" `^([A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)?$` "advice" "cannot be part of an id: write letters, digits, and . _ - in between, at most 100, such as prod-eu-1.")
  (dict "at" "image.digest" "value" .Values.image.digest "is" `^(sha256:[0-9a-f]{64})?$` "advice" "is no digest: write sha256: and 64 hexadecimal digits.")
  (dict "at" "proxy.httpProxy" "value" .Values.proxy.httpProxy "is" `^(https?://\S+)?$` "advice" "is no URL: write http://proxy.example.com:3128.")
  (dict "at" "proxy.httpsProxy" "value" .Values.proxy.httpsProxy "is" `^(https?://\S+)?$` "advice" "is no URL: write http://proxy.example.com:3128.")
  (dict "at" "podDisruptionBudget.maxUnavailable" "value" .Values.podDisruptionBudget.maxUnavailable "is" `^[0-9]+%?$` "advice" "is neither a number nor percent: write 1 or \"50%\".")
  (dict "at" "podDisruptionBudget.minAvailable" "value" .Values.podDisruptionBudget.minAvailable "is" `^([0-9]+%?)?$` "advice" "is neither a number nor percent: write 1 or \"50%\".")
-}}
{{- range $index, $host := .Values.jira.allowedHosts -}}
  {{- $texts = append $texts (dict "at" (printf "jira.allowedHosts[%d]" $index) "value" $host "is" `^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$` "advice" "is no host: write a name or name:port, without https:// and without a path.") -}}
{{- end -}}
{{- range $index, $glob := .Values.excludeNamespaces -}}
  {{- $texts = append $texts (dict "at" (printf "excludeNamespaces[%d]" $index) "value" $glob "is" `^[a-z0-9*?!\[\]-]+$` "advice" "can match no Namespace: write a name, with the wildcards * ? [ab] [!ab].") -}}
{{- end -}}
{{- $sites := list (dict "at" "jira" "site" .Values.jira) -}}
{{- range $index, $site := .Values.jira.sites -}}
  {{- $sites = append $sites (dict "at" (printf "jira.sites[%d]" $index) "site" $site) -}}
{{- end -}}
{{- range $each := $sites -}}
  {{- $texts = append $texts (dict "at" (printf "%s.email" .at) "value" (.site.email | default "") "is" `^([^@\s]+@[^@\s]+)?$` "advice" "is no e-mail address.") -}}
  {{- range $number, $rule := .site.access -}}
    {{- range $rule.projects -}}
      {{- $texts = append $texts (dict "at" (printf "%s.access[%d].projects" $each.at $number) "value" . "is" `^[A-Z][A-Z0-9_]+$` "advice" "is no project's key: write it in upper case, as it stands before an issue's number, such as SHOP.") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toYaml $texts -}}
{{- end -}}

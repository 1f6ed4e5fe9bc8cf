{{/*
What a schema cannot say, or only in words that do not help. All faults are told at once; each sentence says what to do.
Each define below prints one sentence a line.
*/}}
{{- define "rollout-reporter.validate" -}}
{{- $faults := list -}}
{{- range list "release" "site" "text" "port" "namespace" "account" "pod" "metrics" "crd" -}}
  {{- $faults = concat $faults (include (printf "rollout-reporter.%sFaults" .) $ | splitList "\n" | compact) -}}
{{- end -}}
{{- if $faults -}}
  {{- fail (printf "\n\nThese values cannot work:\n  - %s\n" ($faults | join "\n  - ")) -}}
{{- end -}}
{{- end -}}

{{/* Every site of the values as a JSON list of {at: where it stands, site}; `jira` is one, even while it names none. */}}
{{- define "rollout-reporter.places" -}}
{{- $places := list (dict "at" "jira" "site" .Values.jira) -}}
{{- range $index, $site := .Values.jira.sites -}}
  {{- $places = append $places (dict "at" (printf "jira.sites[%d]" $index) "site" $site) -}}
{{- end -}}
{{- toJson $places -}}
{{- end -}}

{{- define "rollout-reporter.siteFaults" -}}
{{- $jira := .Values.jira -}}
{{- if not $jira.siteURL -}}
  {{- range $key := list "cloudId" "existingSecret" "clientId" "clientSecret" "email" "urlTemplate" "access" -}}
    {{- if get $jira $key -}}
      {{- printf "jira.%s is set, but jira.siteURL is not: add --set jira.siteURL=https://example.atlassian.net." $key | println -}}
    {{- end -}}
  {{- end -}}
  {{- if and .Values.environments $jira.sites -}}
    {{- println "environments is set, but jira.siteURL is not, and the rules are for that site: write those of other sites to jira.sites[].environments." -}}
  {{- else if .Values.environments -}}
    {{- println "environments is set, but jira.siteURL is not, and the rules are part of the site: add --set jira.siteURL=https://example.atlassian.net." -}}
  {{- end -}}
{{- end -}}

{{- if and $jira.existingSecret (or $jira.clientId $jira.clientSecret) -}}
  {{- println "jira.existingSecret and jira.clientId/jira.clientSecret exclude each other: keep jira.existingSecret, and take the others out of your values." -}}
{{- else if and $jira.clientId (not $jira.clientSecret) -}}
  {{- println "jira.clientId is set, but jira.clientSecret is not: set both, or put both into a Secret and name it in jira.existingSecret." -}}
{{- else if and $jira.clientSecret (not $jira.clientId) -}}
  {{- println "jira.clientSecret is set, but jira.clientId is not: set both, or put both into a Secret and name it in jira.existingSecret." -}}
{{- end -}}

{{- $registry := .Values.global.imageRegistry | default .Values.image.registry | trimSuffix "/" -}}
{{- if hasPrefix (printf "%s/" $registry) .Values.image.repository -}}
  {{- printf "image.repository %q begins with the registry, which goes before it anyway: write %s." .Values.image.repository (trimPrefix (printf "%s/" $registry) .Values.image.repository) | println -}}
{{- end -}}

{{- $names := list -}}
{{- range $index, $site := $jira.sites -}}
  {{- if eq $site.name "default" -}}
    {{- printf "jira.sites[%d] is called default, which is the site of jira.siteURL: give it another name." $index | println -}}
  {{- end -}}
  {{- if has $site.name $names -}}
    {{- printf "jira.sites names %q twice: give each site a name of its own." $site.name | println -}}
  {{- end -}}
  {{- $names = append $names $site.name -}}
{{- end -}}

{{- range include "rollout-reporter.places" . | fromJsonArray -}}
  {{- include "rollout-reporter.urlFaults" (merge (dict "hosts" $jira.allowedHosts) .) -}}
  {{- $at := .at -}}
  {{- range $index, $rule := .site.access -}}
    {{- if not $rule -}}
      {{- printf "%s.access[%d] is empty: say whom it lets report, by namespaces, projects or environmentTypes, or take it out." $at $index | println -}}
    {{- end -}}
  {{- end -}}
  {{- $keys := .site.secretKeys | default dict -}}
  {{- if eq ($keys.clientId | default "clientId") ($keys.clientSecret | default "clientSecret") -}}
    {{- printf "%s.secretKeys names %q for both: the client id and the client secret need a key each." .at ($keys.clientId | default "clientId") | println -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Faults in the URLs of a site. Takes {at: where it stands in the values, site, hosts: jira.allowedHosts}. */}}
{{- define "rollout-reporter.urlFaults" -}}
{{- $at := .at -}}
{{- if or .site.siteURL (ne $at "jira") -}}
  {{- $text := .site.siteURL -}}
  {{- $url := include "rollout-reporter.url" $text | fromJson -}}
  {{- if not $url.host -}}
    {{- printf "%s.siteURL %q is no plain URL: write https:// and the host only, such as https://example.atlassian.net." $at $text | println -}}
  {{- else if not (has $url.path (list "" "/")) -}}
    {{- printf "%s.siteURL %q has a path: cut it off behind the host, leaving %s://%s%s." $at $text $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port)) | println -}}
  {{- else if and (eq $url.scheme "http") (ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" .hosts))) -}}
    {{- printf "%s.siteURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $at $text $url.host | println -}}
  {{- end -}}
{{- end -}}
{{- with .site.apiURL -}}
  {{- $url := include "rollout-reporter.url" . | fromJson -}}
  {{- if not $url.host -}}
    {{- printf "%s.apiURL %q is no plain URL: leave it out to use https://api.atlassian.com." $at . | println -}}
  {{- else if not (has $url.path (list "" "/")) -}}
    {{- printf "%s.apiURL %q has a path: cut it off behind the host, leaving %s://%s%s." $at . $url.scheme $url.host (empty $url.port | ternary "" (printf ":%s" $url.port)) | println -}}
  {{- else if ne "true" (include "rollout-reporter.isNamedHost" (dict "url" $url "hosts" $.hosts)) -}}
    {{- if not (or (eq $url.host "api.atlassian.com") (hasSuffix ".atlassian.net" $url.host)) -}}
      {{- printf "%s.apiURL %q is not Atlassian's, and credentials would be sent there: name %s in jira.allowedHosts if this is meant." $at . $url.host | println -}}
    {{- else if eq $url.scheme "http" -}}
      {{- printf "%s.apiURL %q is plain http: write https://, or name %s in jira.allowedHosts if this is meant." $at . $url.host | println -}}
    {{- else if not (has $url.port (list "" "443")) -}}
      {{- printf "%s.apiURL %q has a port: Atlassian answers on 443 only, leave the port out." $at . | println -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with .site.urlTemplate -}}
  {{- if not (regexMatch `^https?://` .) -}}
    {{- printf "%s.urlTemplate %q must begin with https:// or http://: Jira shows it as a link." $at . | println -}}
  {{- else if not (regexMatch `^https?://[^/\s@]+(/.*)?$` .) -}}
    {{- printf "%s.urlTemplate %q has no host, or a user before it: write https://, the host, and what follows it." $at . | println -}}
  {{- else if not (regexMatch `^([^\s{}]|\{(namespace|kind|name)\})+$` .) -}}
    {{- printf "%s.urlTemplate %q holds blanks, or braces that nobody fills in: take them out; what is filled in are {namespace}, {kind} and {name}." $at . | println -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The ports that values lead to, and that of the metrics. */}}
{{- define "rollout-reporter.portFaults" -}}
{{- $urls := dict "proxy.httpProxy" .Values.proxy.httpProxy "proxy.httpsProxy" .Values.proxy.httpsProxy -}}
{{- range $index, $host := .Values.jira.allowedHosts -}}
  {{- $_ := set $urls (printf "jira.allowedHosts[%d]" $index) (printf "https://%s" $host) -}}
{{- end -}}
{{- range include "rollout-reporter.places" . | fromJsonArray -}}
  {{- $_ := set $urls (printf "%s.siteURL" .at) .site.siteURL -}}
  {{- $_ := set $urls (printf "%s.apiURL" .at) (.site.apiURL | default "") -}}
{{- end -}}
{{- range $at, $url := $urls -}}
  {{- with include "rollout-reporter.port" $url -}}
    {{- if or (lt (atoi .) 1) (gt (atoi .) 65535) -}}
      {{- printf "%s leads to port %s, which there is not: write one of 1 to 65535, or leave it out." $at . | println -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $metrics := int .Values.metrics.port -}}
{{- if or (lt $metrics 1024) (gt $metrics 65535) -}}
  {{- printf "metrics.port %d is none that a process without root's rights can open: take one of 1024 to 65535, such as 8080." $metrics | println -}}
{{- else if eq $metrics 8081 -}}
  {{- println "metrics.port 8081 is the port of the probes: take another one." -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.releaseFaults" -}}
{{- if and (not .Values.fullnameOverride) (regexMatch `^[0-9]` .Release.Name) -}}
  {{- printf "The release's name %q begins with a digit, which that of a Service may not: set fullnameOverride to a name that begins with a letter." .Release.Name | println -}}
{{- end -}}
{{- if .Release.IsInstall -}}
  {{- range (lookup "apps/v1" "Deployment" .Release.Namespace "").items -}}
    {{- $labels := .metadata.labels | default dict -}}
    {{- $other := get $labels "app.kubernetes.io/instance" -}}
    {{- if and (eq "rollout-reporter" (get $labels "app.kubernetes.io/part-of")) (ne $other $.Release.Name) -}}
      {{- printf "Release %q lives in namespace %s already: both would share its Lease and its journal, and only one of them would report. Install into a namespace of its own; what it watches is said by other values." $other $.Release.Namespace | println -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.namespaceFaults" -}}
{{- if .Values.watchNamespaces -}}
  {{- if not .Values.clusterName -}}
    {{- println "watchNamespaces needs clusterName: without cluster-wide rights the operator cannot read this cluster's own id. Set clusterName to a name that stays, such as prod-eu-1." -}}
  {{- end -}}
  {{- if .Values.namespaceSelector -}}
    {{- println "watchNamespaces and namespaceSelector exclude each other: labels of Namespaces can be selected with cluster-wide rights only. Take one of them out." -}}
  {{- end -}}
  {{- if .Values.excludeNamespaces -}}
    {{- println "watchNamespaces and excludeNamespaces exclude each other: take the namespaces to leave out of watchNamespaces." -}}
  {{- end -}}
{{- end -}}
{{- if and (has "Deny" .Values.admissionPolicy.actions) (has "Warn" .Values.admissionPolicy.actions) -}}
  {{- println "admissionPolicy.actions holds Deny and Warn, and the API server takes one of them only: leave Warn out, a denial tells the same." -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.accountFaults" -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
  {{- println "serviceAccount.create is false: name the account to use in serviceAccount.name (the rights would go to \"default\", and so to every pod of the namespace)." -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.podFaults" -}}
{{- if gt (int .Values.replicaCount) 3 -}}
  {{- printf "replicaCount %d brings nothing: one pod works, the others stand by. Write 2, or 3 at the most." (int .Values.replicaCount) | println -}}
{{- end -}}
{{- if and (eq "None" .Values.dnsPolicy) (not .Values.dnsConfig.nameservers) -}}
  {{- println "dnsPolicy None takes its servers from dnsConfig.nameservers, and there are none: name one, or leave dnsPolicy out." -}}
{{- end -}}
{{- $rolling := .Values.strategy.rollingUpdate | default dict -}}
{{- if and (eq "RollingUpdate" (toString .Values.strategy.type)) (regexMatch `^0%?$` (toString $rolling.maxSurge)) (regexMatch `^0%?$` (toString $rolling.maxUnavailable)) -}}
  {{- println "strategy.rollingUpdate lets no pod come nor go: write 1 for maxSurge, or for maxUnavailable." -}}
{{- end -}}
{{- include "rollout-reporter.nameFaults" (dict "at" "extraVolumes" "taken" (list "tmp" "ca-bundle") "items" .Values.extraVolumes) -}}
{{- include "rollout-reporter.nameFaults" (dict "at" "extraContainers" "taken" (list "rollout-reporter") "items" (concat .Values.extraInitContainers .Values.extraContainers)) -}}
{{- include "rollout-reporter.nameFaults" (dict "at" "extraEnv" "taken" list "items" .Values.extraEnv) -}}
{{- if and .Values.caBundle.configMapName .Values.caBundle.secretName -}}
  {{- println "caBundle.configMapName and caBundle.secretName exclude each other: take one of them out." -}}
{{- end -}}
{{- $set := include "rollout-reporter.flags" . | fromYaml -}}
{{- range .Values.extraArgs -}}
  {{- $flag := splitList "=" . | first -}}
  {{- if hasKey $set $flag -}}
    {{- $cure := get $set $flag | empty | ternary "take it out" (printf "set the value %s instead" (get $set $flag)) -}}
    {{- printf "extraArgs holds %s, which the chart sets, for hooks and probes too: %s." $flag $cure | println -}}
  {{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range include "rollout-reporter.ownEnvironment" . | fromYamlArray -}}
  {{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.extraEnv -}}
  {{- $same := regexMatch "(?i)_proxy$" .name | ternary (upper .name) .name -}}
  {{- if has $same $names -}}
    {{- $flag := .name | trimPrefix "ROLLOUT_REPORTER_" | lower | replace "_" "-" | printf "--%s" -}}
    {{- $value := get (include "rollout-reporter.variables" $ | fromYaml) $same | default (get $set $flag) -}}
    {{- $cure := $value | empty | ternary "take it out" (printf "set the value %s instead" $value) -}}
    {{- printf "extraEnv holds %s, which the chart sets: %s." .name $cure | println -}}
  {{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
  {{- $pods := int $.Values.replicaCount -}}
  {{- if and .enabled (gt $pods 1) -}}
    {{- $few := include "rollout-reporter.share" (list .minAvailable $pods) -}}
    {{- $away := include "rollout-reporter.share" (list .maxUnavailable $pods) -}}
    {{- if and $few (ge (atoi $few) $pods) -}}
      {{- printf "podDisruptionBudget.minAvailable %v of %d pods lets none go, and their nodes could not be drained: write %d." .minAvailable $pods (sub $pods 1) | println -}}
    {{- else if and (not $few) (eq "0" $away) -}}
      {{- printf "podDisruptionBudget.maxUnavailable %v lets no pod go, and their nodes could not be drained: write 1." .maxUnavailable | println -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Names that are the chart's own, or there twice. Takes {at: where they stand in the values, taken: the chart's own, items}. */}}
{{- define "rollout-reporter.nameFaults" -}}
{{- $names := list -}}
{{- range .items -}}
  {{- if has .name $.taken -}}
    {{- printf "%s names %q, which the chart has itself: give it another name." $.at .name | println -}}
  {{- else if has .name $names -}}
    {{- printf "%s names %q twice: take one of them out." $.at .name | println -}}
  {{- end -}}
  {{- $names = append $names .name -}}
{{- end -}}
{{- end -}}

{{/* Pods of a number or of percent, rounded up as Kubernetes does; nothing if it is neither. Takes the share and the number of pods. */}}
{{- define "rollout-reporter.share" -}}
{{- $share := first . | toString -}}
{{- $number := trimSuffix "%" $share -}}
{{- if regexMatch `^[0-9]+$` $number -}}
{{- hasSuffix "%" $share | ternary (div (add (mul (atoi $number) (last .)) 99) 100) (atoi $number) -}}
{{- end -}}
{{- end -}}

{{/* Flags of `rollout-reporter run` that _pod.tpl sets by their variables, and the values for them. */}}
{{- define "rollout-reporter.flags" -}}
--allowed-hosts: jira.allowedHosts
--cluster-name: clusterName
--conditions-on-workloads: conditions.onWorkloads
--no-conditions-on-workloads: conditions.onWorkloads
--dry-run: dryRun
--no-dry-run: dryRun
--exclude-namespaces: excludeNamespaces
--host: ""
--log-format: logFormat
--log-level: logLevel
--metrics-port: metrics.port
--namespace: ""
--namespace-selector: namespaceSelector
--probe-port: ""
--read-back: jira.readBack
--no-read-back: jira.readBack
--watch-namespaces: watchNamespaces
{{- end -}}

{{/* Variables of everybody that _pod.tpl sets, and the values for them. */}}
{{- define "rollout-reporter.variables" -}}
HTTP_PROXY: proxy.httpProxy
HTTPS_PROXY: proxy.httpsProxy
NO_PROXY: proxy.noProxy
SSL_CERT_FILE: caBundle
{{- end -}}

{{- define "rollout-reporter.metricsFaults" -}}
{{- $metrics := .Values.metrics -}}
{{- if and $metrics.serviceMonitor.enabled $metrics.podMonitor.enabled -}}
  {{- println "metrics.serviceMonitor and metrics.podMonitor are both enabled, and every sample would be stored twice: switch one off." -}}
{{- end -}}
{{- range $reader, $trouble := dict
  "serviceMonitor" "there is nothing to scrape"
  "podMonitor" "there is nothing to scrape"
  "prometheusRule" "its alerts would miss the metrics and fire for ever"
  "dashboards" "they would stay empty"
-}}
  {{- if and (get $metrics $reader).enabled (not $metrics.enabled) -}}
    {{- printf "metrics.%s is enabled, but metrics.enabled is false: %s. Set metrics.enabled=true." $reader $trouble | println -}}
  {{- end -}}
{{- end -}}
{{- if and $metrics.serviceMonitor.enabled (not $metrics.service.enabled) -}}
  {{- println "metrics.serviceMonitor is enabled, but metrics.service.enabled is false: there is nothing to scrape. Take metrics.podMonitor, which needs no Service." -}}
{{- end -}}
{{- $alerts := list -}}
{{- range (.Files.Get "files/rules.yaml" | fromYaml).groups -}}{{- range .rules -}}{{- $alerts = append $alerts .alert -}}{{- end -}}{{- end -}}
{{- range $metrics.prometheusRule.disabledAlerts -}}
  {{- if not (has . $alerts) -}}
    {{- printf "metrics.prometheusRule.disabledAlerts %q is no alert of this chart: there are %s." . (join ", " $alerts) | println -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "rollout-reporter.crdFaults" -}}
{{- if and (include "rollout-reporter.sites" . | fromJson).sites (not .Values.crds.enabled) (eq "true" (include "rollout-reporter.crdsAreMissing" .)) -}}
  {{- println "crds.enabled is false, and this cluster has no JiraSite CRD: apply the chart's files/crds first (kubectl apply --server-side -f files/crds), or set crds.enabled=true." -}}
{{- end -}}
{{- end -}}

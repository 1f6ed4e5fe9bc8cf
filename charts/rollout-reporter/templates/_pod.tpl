{{/* What every pod of this chart has in common: how it is let run, and where. */}}
{{- define "rollout-reporter.podSpec" -}}
serviceAccountName: {{ include "rollout-reporter.serviceAccountName" . | quote }}
# Said here, as the account may say otherwise to others (serviceAccount.automount).
automountServiceAccountToken: true
enableServiceLinks: false
{{- with include "rollout-reporter.imagePullSecrets" . }}
{{ . }}
{{- end }}
securityContext:
  {{- include "rollout-reporter.securityContext" (dict "root" . "context" .Values.podSecurityContext) | nindent 2 }}
{{- range $field := list "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "dnsPolicy" "dnsConfig" "hostAliases" }}
{{- with get $.Values $field }}
{{ dict $field . | toYaml }}
{{- end }}
{{- end }}
{{- with .Values.extraInitContainers }}
# What they make, such as a file of authorities, every container of ours may need.
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- with .Values.caBundle }}
  {{- if .configMapName }}
  - name: ca-bundle
    configMap:
      name: {{ .configMapName | quote }}
  {{- else if .secretName }}
  - name: ca-bundle
    secret:
      secretName: {{ .secretName | quote }}
  {{- end }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
A security context. OpenShift chooses user and group from a range of the Namespace's own and refuses all others, so the chart's are left
out there; those of somebody else stay. Takes {root, context}.
*/}}
{{- define "rollout-reporter.securityContext" -}}
{{- $context := .context -}}
{{- if .root.Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
  {{- range $field := list "runAsUser" "runAsGroup" "fsGroup" -}}
    {{- if eq "65532" (get $context $field | toString) -}}{{- $context = omit $context $field -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{/* And every container of ours. */}}
{{- define "rollout-reporter.container" -}}
image: {{ include "rollout-reporter.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  {{- include "rollout-reporter.environment" . | nindent 2 }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "rollout-reporter.securityContext" (dict "root" . "context" .Values.securityContext) | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if or .Values.caBundle.configMapName .Values.caBundle.secretName }}
  - name: ca-bundle
    mountPath: /etc/rollout-reporter/ca
    readOnly: true
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* All commands take their options from the environment, so hooks see what the operator sees. */}}
{{- define "rollout-reporter.environment" -}}
{{ include "rollout-reporter.ownEnvironment" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rollout-reporter.ownEnvironment" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: ROLLOUT_REPORTER_HOST
  value: "::"
- name: ROLLOUT_REPORTER_PROBE_PORT
  value: "8081"
- name: ROLLOUT_REPORTER_METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
- name: ROLLOUT_REPORTER_LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: ROLLOUT_REPORTER_LOG_FORMAT
  value: {{ .Values.logFormat }}
- name: ROLLOUT_REPORTER_DRY_RUN
  value: {{ .Values.dryRun | quote }}
- name: ROLLOUT_REPORTER_READ_BACK
  value: {{ .Values.jira.readBack | quote }}
- name: ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS
  value: {{ .Values.conditions.onWorkloads | quote }}
{{- with .Values.clusterName }}
- name: ROLLOUT_REPORTER_CLUSTER_NAME
  value: {{ . | quote }}
{{- end }}
{{- with .Values.watchNamespaces }}
- name: ROLLOUT_REPORTER_WATCH_NAMESPACES
  value: {{ . | uniq | join "," | quote }}
{{- end }}
{{- with .Values.excludeNamespaces }}
- name: ROLLOUT_REPORTER_EXCLUDE_NAMESPACES
  value: {{ . | join "," | quote }}
{{- end }}
{{- with .Values.namespaceSelector }}
- name: ROLLOUT_REPORTER_NAMESPACE_SELECTOR
  value: {{ . | quote }}
{{- end }}
{{- with .Values.jira.allowedHosts }}
- name: ROLLOUT_REPORTER_ALLOWED_HOSTS
  value: {{ . | join "," | quote }}
{{- end }}
{{- with .Values.proxy }}
{{- range $name, $value := dict "HTTP_PROXY" .httpProxy "HTTPS_PROXY" .httpsProxy }}
{{- with $value }}
- name: {{ $name | quote }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- $others := list }}
{{- range $.Values.extraEnv }}
{{- if regexMatch `(?i)^https?_proxy$` .name }}
{{- $others = append $others .name }}
{{- end }}
{{- end }}
{{- if or .httpProxy .httpsProxy .noProxy $others }}
# The API server is never spoken to by proxy.
- name: NO_PROXY
  value: {{ prepend (regexSplit `[,\s]+` .noProxy -1 | compact) "$(KUBERNETES_SERVICE_HOST)" | join "," | quote }}
{{- end }}
{{- end }}
{{- if or .Values.caBundle.configMapName .Values.caBundle.secretName }}
- name: SSL_CERT_FILE
  value: {{ printf "/etc/rollout-reporter/ca/%s" .Values.caBundle.key | quote }}
{{- end }}
{{- end -}}

{{/* "true" if the ValidatingAdmissionPolicies are wanted: they are cluster-scoped, and so are the rights to install them. */}}
{{- define "rollout-reporter.admissionPolicy" -}}
{{- eq "auto" (toString .Values.admissionPolicy.enabled) | ternary (empty .Values.watchNamespaces) .Values.admissionPolicy.enabled -}}
{{- end -}}

{{/* Whose Namespaces are watched, as a namespaceSelector. The watched names, or what the text of `namespaceSelector` says. */}}
{{- define "rollout-reporter.watchedNamespaces" -}}
{{- $is := list -}}
{{- with .Values.watchNamespaces -}}
  {{- $is = append $is (dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" (uniq .)) -}}
{{- end -}}
{{- range regexFindAll `[^\s,(][^,(]*(\([^)]*\))?` .Values.namespaceSelector -1 -}}
  {{- $is = append $is (include "rollout-reporter.requirement" (trim .) | fromJson) -}}
{{- end -}}
{{- with $is -}}
namespaceSelector:
  matchExpressions:
    {{- toYaml . | nindent 4 }}
{{- end -}}
{{- end -}}

{{/*
What _texts.tpl lets pass, so that whoever takes a selector apart below need not doubt it. kubectl also takes key>1, which the
selector of a policy cannot say.
*/}}
{{- define "rollout-reporter.selectorGrammar" -}}
{{- $key := `(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?` -}}
{{- $value := `(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?` -}}
{{- $set := printf `\(\s*%s(?:\s*,\s*%s)*\s*\)` $value $value -}}
{{- $one := printf `(?:!\s*%s|%s(?:\s*(?:=|==|!=)\s*%s|\s+(?:in|notin)\s*%s)?)` $key $key $value $set -}}
{{- printf `^\s*%s(?:\s*,\s*%s)*\s*$` $one $one -}}
{{- end -}}

{{/* The same for a glob: a name with * ? [ab] [a-c] [!ab]. */}}
{{- define "rollout-reporter.globGrammar" -}}
^(?:[a-z0-9*?-]|\[!?(?:[a-z0-9](?:-[a-z0-9])?)+\])+$
{{- end -}}

{{/* One requirement of a label selector as kubectl takes it, as JSON: key, !key, key=a, key==a, key!=a, key in (a,b), key notin (a,b). */}}
{{- define "rollout-reporter.requirement" -}}
{{- $grammar := `^(!?)\s*([^\s=!]+)(\s*==|\s*!=|\s*=|\s+in\b|\s+notin\b)?\s*(?:\((.*)\)|(.*))$` -}}
{{- $word := regexReplaceAll $grammar . "${3}" | trim -}}
{{- $found := dict "key" (regexReplaceAll $grammar . "${2}") -}}
{{- if not $word -}}
  {{- $_ := set $found "operator" (hasPrefix "!" . | ternary "DoesNotExist" "Exists") -}}
{{- else -}}
  {{- $_ := set $found "operator" (has $word (list "!=" "notin") | ternary "NotIn" "In") -}}
  {{- $values := list -}}
  {{- range regexReplaceAll $grammar . "${4}${5}" | splitList "," -}}{{- $values = append $values (trim .) -}}{{- end -}}
  {{- $_ := set $found "values" $values -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* A glob of the operator (Python's fnmatch: * ? [ab] [!ab]) as a regular expression. */}}
{{- define "rollout-reporter.globAsRegex" -}}
{{- . | replace "." "\\." | replace "*" ".*" | replace "?" "." | replace "[!" "[^" -}}
{{- end -}}

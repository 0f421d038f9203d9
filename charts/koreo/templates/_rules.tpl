{{- /*
Rules of the roles, as a list in YAML. What each identity needs is told in docs/running.md; test/e2e/chart-rbac.test.ts
compares it with what the processes ask for.
*/}}

{{- define "koreo.isDevelopment" -}}
{{- if or .values.development (eq .values.rbac.mode "development") }}true{{ end }}
{{- end }}

{{- /* Definitions, in a namespace of definitions. */}}
{{- define "koreo.definitionRules" -}}
- apiGroups: [koreo.dev]
  resources: [workflows, valuefunctions, resourcefunctions, resourcetemplates, functiontests, workflowtests]
  verbs: [get, list, watch]
{{- if eq .role "worker" }}
- apiGroups: [koreo.dev]
  resources:
    - workflows/status
    - valuefunctions/status
    - resourcefunctions/status
    - resourcetemplates/status
    - functiontests/status
    - workflowtests/status
  verbs: [patch]
{{ include "koreo.eventRules" . }}
{{- end }}
{{- end }}

{{- /* Events are written beside what they are about. */}}
{{- define "koreo.eventRules" -}}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- /* The ConfigMap with the kinds whose triggers have to be come back for. A name cannot limit a create. */}}
{{- define "koreo.homeRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [koreo-trigger-kinds]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
{{- end }}

{{- /*
Triggers and managed objects; without `.withTriggers` only managed objects. In development mode the API still gets only the
listed rules, because a rule for everything would include Secrets.
*/}}
{{- define "koreo.objectRules" -}}
{{- if and (include "koreo.isDevelopment" .) (ne .role "api") -}}
{{- include "koreo.developmentRules" . }}
{{- else -}}
{{- if and .withTriggers (eq .role "worker") .values.rbac.triggers }}{{ include "koreo.eventRules" . }}{{ end }}
{{- if .withTriggers }}{{ range .values.rbac.triggers }}{{ include "koreo.triggerRules" (merge (dict "role" $.role) .) }}{{ end }}{{ end }}
{{- range .values.rbac.managed }}{{ include "koreo.managedRules" (merge (dict "role" $.role) .) }}{{ end }}
{{- if and (eq .role "worker") (eq .values.rbac.scope "cluster") .values.rbac.managed }}{{ include "koreo.declarationRules" . }}{{ end }}
{{- end }}
{{- with get .values.rbac.extraRules .role }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /*
The resources of an entry that a role gets, as JSON. The API only shows whether objects exist, but whoever may get a Secret can
read its content. So the API gets no Secrets, and nothing from entries with a wildcard, which would include them.
*/}}
{{- define "koreo.grantedResources" -}}
{{- $resources := .resources }}
{{- if eq .role "api" }}
{{- if eq .apiGroup "" }}{{ $resources = without $resources "secrets" }}{{ end }}
{{- if or (contains "*" .apiGroup) (contains "*" (join " " $resources)) }}{{ $resources = list }}{{ end }}
{{- end }}
{{- $resources | toJson }}
{{- end }}

{{- /* Whether a kind that is not served is gone for good, and all of its objects with it. */}}
{{- define "koreo.declarationRules" }}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list]
- apiGroups: [apiregistration.k8s.io]
  resources: [apiservices]
  verbs: [list]
{{- end }}

{{- define "koreo.developmentRules" -}}
- apiGroups: ["*"]
  resources: ["*"]
  verbs: {{ ternary "[get, list, watch, create, update, patch, delete]" "[get, list, watch]" (eq .role "worker") }}
{{- end }}

{{- define "koreo.triggerRules" }}
{{- $resources := include "koreo.grantedResources" . | fromJsonArray }}
{{- if $resources }}
- apiGroups: [{{ .apiGroup | quote }}]
  resources: {{ $resources | toJson }}
  verbs: {{ ternary "[get, patch]" "[get, list, watch]" (eq .role "worker") }}
{{- end }}
{{- if eq .role "worker" }}
- apiGroups: [{{ .apiGroup | quote }}]
  resources:
    {{- range .resources }}
    - "{{ . }}/status"
    {{- end }}
  verbs: [patch]
{{- /* For owner references that block their owner's deletion; only asked for where that admission plugin is on. */}}
- apiGroups: [{{ .apiGroup | quote }}]
  resources:
    {{- range .resources }}
    - "{{ . }}/finalizers"
    {{- end }}
  verbs: [update]
{{- end }}
{{- end }}

{{- define "koreo.managedRules" }}
{{- $verbs := list "get" }}
{{- $resources := include "koreo.grantedResources" . | fromJsonArray }}
{{- if eq .role "watcher" }}{{ $verbs = list "get" "list" "watch" }}
{{- else if and (eq .role "worker") (not .readonly) }}
{{- if .destroy }}{{ $verbs = append $verbs "list" }}{{ end }}
{{- $verbs = concat $verbs (list "create" "patch") }}
{{- /* What no step names any more is deleted, so that only who says no goes without. */}}
{{- if or .destroy (ne (toString .delete) "false") }}{{ $verbs = append $verbs "delete" }}{{ end }}
{{- end }}
{{- if $resources }}
- apiGroups: [{{ .apiGroup | quote }}]
  resources: {{ $resources | toJson }}
  verbs: {{ $verbs | toJson }}
{{- end }}
{{- end }}

{{- /* To ask who a token belongs to, and what that one may do. */}}
{{- define "koreo.reviewRules" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}

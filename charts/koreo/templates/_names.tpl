{{- /*
Names and labels. A scope is `dict "root" "tenant" "values"`: the release itself, or one of its tenants with the values merged.
*/}}

{{- define "koreo.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "koreo.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "koreo.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "koreo.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* A name that is too long is cut and told from others by a hash. */}}
{{- define "koreo.shortened" -}}
{{- if gt (len .) 63 -}}
{{- printf "%s-%s" (. | trunc 52 | trimSuffix "-" | trimSuffix ".") (. | sha256sum | trunc 10) }}
{{- else -}}
{{- . }}
{{- end }}
{{- end }}

{{- /* Name of an object of a scope: release, tenant, and what it is (`.suffix`). */}}
{{- define "koreo.objectName" -}}
{{- compact (list (include "koreo.fullname" .root) .tenant .suffix) | join "-" | include "koreo.shortened" }}
{{- end }}

{{- /* Name of the headless Service of a role: that of its Deployment, which the API's own Service has already. */}}
{{- define "koreo.metricsService" -}}
{{- $suffix := ternary "api-metrics" .role (eq .role "api") -}}
{{- include "koreo.objectName" (dict "root" .root "tenant" .tenant "suffix" $suffix) }}
{{- end }}

{{- /* Name of a role: unique in the whole cluster, for releases may have roles in one namespace. */}}
{{- define "koreo.roleName" -}}
{{- printf "%s:%s" .root.Release.Namespace (include "koreo.objectName" .) }}
{{- end }}

{{- /* What tells this installation from others on one Redis. */}}
{{- define "koreo.installation" -}}
{{- $name := .root.Values.name | default (printf "%s.%s" .root.Release.Namespace (include "koreo.fullname" .root)) -}}
{{- compact (list $name .tenant) | join "." | include "koreo.shortened" }}
{{- end }}

{{- define "koreo.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: koreo
{{ include "koreo.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels that never change: selectors of Deployments cannot be edited. */}}
{{- define "koreo.selector" -}}
{{ include "koreo.releaseSelector" .root }}
{{- with .tenant }}
koreo.dev/tenant: {{ . }}
{{- end }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "koreo.releaseSelector" -}}
app.kubernetes.io/name: {{ include "koreo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "koreo.serviceAccountName" -}}
{{- $name := include "koreo.objectName" . -}}
{{- .pods.serviceAccount.name | default (ternary $name "default" .pods.serviceAccount.create) }}
{{- end }}

{{- define "koreo.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

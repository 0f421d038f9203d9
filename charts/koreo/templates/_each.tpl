{{- /*
Renders a template once for each scope (the release itself, or its tenants instead), or once for each role of each scope. A
role's scope also has `role`, `component`, `suffix`, and `pods`: the values of its Pods.
*/}}

{{- define "koreo.eachScope" }}
{{- $root := .root }}
{{- $template := .template }}
{{- range $tenant, $own := $root.Values.tenants | default (dict "" dict) }}
{{- $scope := dict "root" $root "tenant" $tenant }}
{{- include "koreo.setValues" (dict "scope" $scope "own" $own) }}
{{- include $template $scope }}
{{- end }}
{{- end }}

{{- define "koreo.eachRole" }}
{{- $root := .root }}
{{- $template := .template }}
{{- range $tenant, $own := $root.Values.tenants | default (dict "" dict) }}
{{- $tenantScope := dict "root" $root "tenant" $tenant }}
{{- include "koreo.setValues" (dict "scope" $tenantScope "own" $own) }}
{{- $values := $tenantScope.values }}
{{- range $role := concat (list "watcher" "worker") (ternary (list "api") list $values.api.enabled) }}
{{- $scope := dict "root" $root "tenant" $tenant "values" $values "role" $role "component" $role "suffix" $role }}
{{- $_ := set $scope "pods" (mergeOverwrite (deepCopy $values.pods) (get $values $role)) }}
{{- include $template $scope }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
Sets `.scope.values`: the release's values, overridden by the tenant's. A tenant's own Redis may belong to somebody else, so it
must never see the release's user, password or client certificate.
*/}}
{{- define "koreo.setValues" }}
{{- $values := deepCopy .scope.root.Values }}
{{- if dig "redis" "existingSecret" "" .own }}
{{- $_ := set $values "redis" (merge (dict "tls" dict) (omit $values.redis "user" "passwordSecret" "tls")) }}
{{- end }}
{{- $_ := set .scope "values" (mergeOverwrite $values .own) }}
{{- end }}

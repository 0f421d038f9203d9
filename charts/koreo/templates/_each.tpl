{{- /*
Renders a template once for each scope (the release itself, or its tenants instead), or once for each role of each scope. A
role's scope also has `role`, `component`, `suffix`, and `pods`: the values of its Pods.
*/}}

{{- define "koreo.eachScope" }}
{{- $root := .root }}
{{- $template := .template }}
{{- range $tenant, $own := $root.Values.tenants | default (dict "" dict) }}
{{- $values := mergeOverwrite (deepCopy $root.Values) $own }}
{{- include $template (dict "root" $root "tenant" $tenant "values" $values) }}
{{- end }}
{{- end }}

{{- define "koreo.eachRole" }}
{{- $root := .root }}
{{- $template := .template }}
{{- range $tenant, $own := $root.Values.tenants | default (dict "" dict) }}
{{- $values := mergeOverwrite (deepCopy $root.Values) $own }}
{{- range $role := concat (list "watcher" "worker") (ternary (list "api") list $values.api.enabled) }}
{{- $scope := dict "root" $root "tenant" $tenant "values" $values "role" $role "component" $role "suffix" $role }}
{{- $_ := set $scope "pods" (mergeOverwrite (deepCopy $values.pods) (get $values $role)) }}
{{- include $template $scope }}
{{- end }}
{{- end }}
{{- end }}

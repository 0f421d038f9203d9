{{- define "koreo.redis.name" -}}
{{- include "koreo.objectName" (dict "root" . "suffix" "redis") }}
{{- end }}

{{- /* The Secret with the bundled Redis' password. */}}
{{- define "koreo.redis.secret" -}}
{{- .Values.redis.bundled.existingSecret | default (include "koreo.redis.name" .) }}
{{- end }}

{{- /* The same as docker-compose.yml, and what the processes check at their start. */}}
{{- define "koreo.redis.config" -}}
dir /data
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
{{- end }}

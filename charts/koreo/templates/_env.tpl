{{- /* Environment of a role's container: every setting of the chart as the variable that the command reads. */}}
{{- define "koreo.env" -}}
{{- $settings := .values.settings -}}
{{ include "koreo.redisEnv" . }}
- name: KOREO_NAME
  value: {{ include "koreo.installation" . | quote }}
- name: KOREO_DEFINITION_NAMESPACES
  value: {{ include "koreo.definitionNamespaces" . | quote }}
- name: KOREO_PORT
  value: "8080"
- name: KOREO_LOG_LEVEL
  value: {{ $settings.logLevel | quote }}
{{- if ne .role "api" }}
- name: KOREO_RESYNC_INTERVAL
  value: {{ $settings.resyncInterval | quote }}
{{- end }}
{{- if ne .role "worker" }}
- name: KOREO_NAMESPACES
  value: {{ .values.triggerNamespaces | join "," | default "all" | quote }}
{{- end }}
{{- if eq .role "api" }}
{{ include "koreo.apiEnv" . }}
{{- end }}
{{- if eq .role "worker" }}
- name: KOREO_CONCURRENCY
  value: {{ int $settings.concurrency | quote }}
- name: KOREO_STEP_TIMEOUT
  value: {{ $settings.stepTimeout | quote }}
- name: KOREO_RUN_TIMEOUT
  value: {{ $settings.runTimeout | quote }}
- name: KOREO_RUN_RECORDS
  value: {{ int $settings.runRecords | quote }}
- name: KOREO_DRAIN_TIMEOUT
  value: "{{ int $settings.drainTimeoutSeconds }}s"
{{- end }}
{{- with .values.tracing }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
{{- with .headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: headers
{{- end }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .samplerArg | quote }}
{{- end }}
{{- end }}
{{- with .pods.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* It is reached from other Pods, so it has to ask who they are. */}}
{{- define "koreo.apiEnv" -}}
- name: KOREO_BIND
  value: "0.0.0.0"
- name: KOREO_API_PORT
  value: "8090"
{{- if .pods.tokenSecret }}
- name: KOREO_TOKEN_FILE
  value: /run/koreo/tokens
{{- else }}
- name: KOREO_AUTH
  value: kubernetes
{{- end }}
{{- end }}

{{- define "koreo.definitionNamespaces" -}}
{{- .values.definitionNamespaces | default (list .root.Release.Namespace) | join "," }}
{{- end }}

{{- /* Where Redis is. A password only ever comes from a Secret. */}}
{{- define "koreo.redisEnv" -}}
{{- $redis := .values.redis -}}
{{- if $redis.existingSecret -}}
- name: KOREO_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ $redis.existingSecret }}
      key: {{ $redis.existingSecretKey }}
{{- else if $redis.url -}}
- name: KOREO_REDIS_URL
  value: {{ $redis.url | quote }}
{{- else -}}
- name: KOREO_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "koreo.redis.secret" .root }}
      key: password
- name: KOREO_REDIS_URL
  value: redis://:$(KOREO_REDIS_PASSWORD)@{{ include "koreo.redis.name" .root }}:6379
{{- end }}
{{- with $redis.user }}
- name: KOREO_REDIS_USER
  value: {{ . | quote }}
{{- end }}
{{- with $redis.passwordSecret }}
- name: KOREO_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $redis.passwordSecretKey }}
{{- end }}
{{- with $redis.tls }}
{{- if .caSecret }}
- name: KOREO_REDIS_CA
  value: /run/koreo-redis-ca/ca.crt
{{- end }}
{{- if .clientSecret }}
- name: KOREO_REDIS_CERT
  value: /run/koreo-redis-client/tls.crt
- name: KOREO_REDIS_KEY
  value: /run/koreo-redis-client/tls.key
{{- end }}
{{- if .serverName }}
- name: KOREO_REDIS_SERVER_NAME
  value: {{ .serverName | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Secrets a role's container has as files: where, and which of their keys. */}}
{{- define "koreo.secretFiles" -}}
{{- if and (eq .role "api") .pods.tokenSecret }}
- { name: koreo-tokens, at: /run/koreo, secret: {{ .pods.tokenSecret | quote }}, keys: [tokens] }
{{- end }}
{{- with .values.redis.tls }}
{{- with .caSecret }}
- { name: koreo-redis-ca, at: /run/koreo-redis-ca, secret: {{ . | quote }}, keys: [ca.crt] }
{{- end }}
{{- with .clientSecret }}
- { name: koreo-redis-client, at: /run/koreo-redis-client, secret: {{ . | quote }}, keys: [tls.crt, tls.key] }
{{- end }}
{{- end }}
{{- end }}

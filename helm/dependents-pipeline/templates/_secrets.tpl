{{/* Which Secrets there are, whose they are, and where their files lie in a pod. */}}

{{/* (dict "root" $ "group" GROUP "program" NAME): the group as it holds: {existing, external, values, keys}, or {}; JSON. */}}
{{- define "dependents.group" -}}
{{- $values := .root.Values -}}
{{- $given := deepCopy (default dict (get $values.secrets .group)) -}}
{{- if and (eq .group "kafka") $values.strimzi.users.enabled -}}
{{- $given = dict "existing" (printf "%s-%s" (include "dependents.fullname" .root) .program) "keys" (dict "tls.crt" "user.crt" "tls.key" "user.key") -}}
{{- else if and (eq .group "kafkaCa") $values.strimzi.cluster (not $given) -}}
{{- $given = dict "existing" (printf "%s-cluster-ca-cert" $values.strimzi.cluster) -}}
{{- end -}}
{{- toJson $given -}}
{{- end -}}

{{/* The files of a group that a program reads: {name: true}; JSON. */}}
{{- define "dependents.files" -}}
{{- $values := .root.Values -}}
{{- $files := dict -}}
{{- if has .group (list "database" "claimApiDatabase" "webDatabase") -}}
{{- $_ := set $files "database-url" true -}}
{{- if $values.database.ca }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- if $values.database.clientCertificate }}{{- $_ := set $files "tls.crt" true -}}{{- $_ := set $files "tls.key" true -}}{{- end -}}
{{- else if eq .group "migration" -}}
{{- $_ := set $files "database-url" true -}}
{{- else if eq .group "keys" -}}
{{- $_ := set $files "master-keys" true -}}
{{- $_ := set $files "hmac-keys" true -}}
{{- else if eq .group "kafka" -}}
{{- if eq $values.kafka.authentication.type "tls" -}}
{{- $_ := set $files "tls.crt" true -}}{{- $_ := set $files "tls.key" true -}}
{{- else if ne $values.kafka.authentication.type "none" -}}
{{- $_ := set $files "password" true -}}
{{- end -}}
{{- else if eq .group "kafkaCa" -}}
{{- if $values.kafka.tls.enabled }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- else if eq .group "bgs" -}}
{{- if $values.bgs.ca }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- if $values.bgs.clientCertificate }}{{- $_ := set $files "tls.crt" true -}}{{- $_ := set $files "tls.key" true -}}{{- end -}}
{{- if $values.bgs.bidToken }}{{- $_ := set $files "bid-token" true -}}{{- end -}}
{{- else if eq .group "intake" -}}
{{- $_ := set $files "intake-api-key" true -}}
{{- if $values.intake.ca }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- else if eq .group "notify" -}}
{{- $_ := set $files "notify-api-key" true -}}
{{- if $values.notify.ca }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- else if eq .group "evidence" -}}
{{- $_ := set $files "evidence-secret" true -}}
{{- if $values.evidence.ca }}{{- $_ := set $files "ca.crt" true -}}{{- end -}}
{{- else if eq .group "claimApi" -}}
{{- $_ := set $files "tokens" true -}}
{{- if $values.claimApi.callbacks.signed }}{{- $_ := set $files "notify-callback-keys" true -}}{{- end -}}
{{- if $values.claimApi.callbacks.token }}{{- $_ := set $files "notify-callback-token" true -}}{{- end -}}
{{- else if eq .group "claimApiTls" -}}
{{- if $values.claimApi.tls.enabled }}{{- $_ := set $files "tls.crt" true -}}{{- $_ := set $files "tls.key" true -}}{{- end -}}
{{- else if eq .group "web" -}}
{{- $_ := set $files "tokens" true -}}
{{- else if eq .group "webTls" -}}
{{- if $values.web.tls.enabled }}{{- $_ := set $files "tls.crt" true -}}{{- $_ := set $files "tls.key" true -}}{{- end -}}
{{- else if eq .group "test" -}}
{{- $_ := set $files "claim-api-token" true -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{/* Groups that may be left out. */}}
{{- define "dependents.optionalGroups" -}}migration claimApiDatabase webDatabase kafkaCa test{{- end -}}

{{/* "-before" behind the names of what a Job needs before an install, when the chart's own are not there yet. */}}
{{- define "dependents.secretName" -}}
{{- $group := include "dependents.group" . | fromJson -}}
{{- if $group.existing -}}
{{ $group.existing }}
{{- else -}}
{{ include "dependents.fullname" .root }}-{{ .group | kebabcase }}{{ if .before }}-before{{ end }}
{{- end -}}
{{- end -}}

{{/* One Secret, or ExternalSecret, of the chart's own; nothing for one that exists. "hook": annotations. */}}
{{- define "dependents.ownSecret" -}}
{{- $group := include "dependents.group" . | fromJson -}}
{{- $labels := include "dependents.labels" (dict "root" .root) -}}
{{- if $group.values }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "dependents.secretName" . }}
  labels:
    {{- $labels | nindent 4 }}
  {{- with .hook }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
type: Opaque
data:
  {{- range $file, $text := $group.values }}
  {{ $file }}: {{ toString $text | b64enc }}
  {{- end }}
{{- else if $group.external }}
---
apiVersion: {{ .root.Values.externalSecrets.apiVersion }}
kind: ExternalSecret
metadata:
  name: {{ include "dependents.secretName" . }}
  labels:
    {{- $labels | nindent 4 }}
  {{- with .hook }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  refreshInterval: {{ default "1h" $group.external.refreshInterval }}
  secretStoreRef:
    name: {{ $group.external.store.name }}
    kind: {{ default "SecretStore" $group.external.store.kind }}
  target:
    name: {{ include "dependents.secretName" . }}
    creationPolicy: Owner
  dataFrom:
    - extract:
        key: {{ $group.external.key }}
{{- end }}
{{- end -}}

{{/* Volumes of a list of groups: each Secret whole, never by subPath, so that a change arrives. */}}
{{- define "dependents.secretVolumes" -}}
{{- range $name := .groups }}
{{- $one := dict "root" $.root "group" $name "program" $.program "before" $.before }}
{{- $group := include "dependents.group" $one | fromJson }}
{{- $files := include "dependents.files" $one | fromJson }}
{{- if and $group $files }}
- name: secret-{{ $name | kebabcase }}
  secret:
    secretName: {{ include "dependents.secretName" $one | quote }}
    # Ours by group; libpq takes a key that belongs to root up to 0640, and nobody else reads it.
    defaultMode: 0440
    {{- $renamed := dict }}
    {{- range $file, $_ := $files }}
    {{- $key := get (default dict $group.keys) $file }}
    {{- if and $key (ne $key $file) }}
    {{- $_ := set $renamed $file $key }}
    {{- end }}
    {{- end }}
    {{- if $renamed }}
    items:
      {{- range $file, $_ := $files }}
      - { key: {{ get $renamed $file | default $file }}, path: {{ $file }} }
      {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "dependents.secretMounts" -}}
{{- range $name := .groups }}
{{- $one := dict "root" $.root "group" $name "program" $.program }}
{{- if and (include "dependents.group" $one | fromJson) (include "dependents.files" $one | fromJson) }}
- name: secret-{{ $name | kebabcase }}
  mountPath: {{ include "dependents.folder" $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "dependents.folder" -}}
/run/secrets/dependents/{{ . | kebabcase }}
{{- end -}}

{{/* Variables that name the files. */}}
{{- define "dependents.secretEnv" -}}
{{- $variables := dict
      "database/database-url" "DEPENDENTS_DATABASE_URL_FILE"
      "database/ca.crt" "PGSSLROOTCERT"
      "database/tls.crt" "PGSSLCERT"
      "database/tls.key" "PGSSLKEY"
      "migration/database-url" "DEPENDENTS_DATABASE_URL_FILE"
      "claimApiDatabase/database-url" "DEPENDENTS_DATABASE_URL_FILE"
      "claimApiDatabase/ca.crt" "PGSSLROOTCERT"
      "claimApiDatabase/tls.crt" "PGSSLCERT"
      "claimApiDatabase/tls.key" "PGSSLKEY"
      "webDatabase/database-url" "DEPENDENTS_DATABASE_URL_FILE"
      "webDatabase/ca.crt" "PGSSLROOTCERT"
      "webDatabase/tls.crt" "PGSSLCERT"
      "webDatabase/tls.key" "PGSSLKEY"
      "keys/master-keys" "DEPENDENTS_MASTER_KEYS_FILE"
      "keys/hmac-keys" "DEPENDENTS_HMAC_KEYS_FILE"
      "kafka/password" "DEPENDENTS_KAFKA_SASL_PASSWORD_FILE"
      "kafka/tls.crt" "DEPENDENTS_KAFKA_SSL_CERTIFICATE_LOCATION"
      "kafka/tls.key" "DEPENDENTS_KAFKA_SSL_KEY_LOCATION"
      "kafkaCa/ca.crt" "DEPENDENTS_KAFKA_SSL_CA_LOCATION"
      "bgs/tls.crt" "DEPENDENTS_BGS_CERTIFICATE_FILE"
      "bgs/tls.key" "DEPENDENTS_BGS_KEY_FILE"
      "bgs/ca.crt" "DEPENDENTS_BGS_CA_FILE"
      "bgs/bid-token" "DEPENDENTS_BID_TOKEN_FILE"
      "intake/intake-api-key" "DEPENDENTS_INTAKE_API_KEY_FILE"
      "intake/ca.crt" "DEPENDENTS_INTAKE_CA_FILE"
      "notify/notify-api-key" "DEPENDENTS_NOTIFY_API_KEY_FILE"
      "notify/ca.crt" "DEPENDENTS_NOTIFY_CA_FILE"
      "evidence/evidence-secret" "DEPENDENTS_EVIDENCE_SECRET_FILE"
      "evidence/ca.crt" "DEPENDENTS_EVIDENCE_CA_FILE"
      "claimApi/tokens" "DEPENDENTS_TOKEN_FILE"
      "claimApi/notify-callback-keys" "DEPENDENTS_NOTIFY_CALLBACK_KEYS_FILE"
      "claimApi/notify-callback-token" "DEPENDENTS_NOTIFY_CALLBACK_TOKEN_FILE"
      "claimApiTls/tls.crt" "DEPENDENTS_CERTIFICATE_FILE"
      "claimApiTls/tls.key" "DEPENDENTS_KEY_FILE"
      "web/tokens" "DEPENDENTS_WEB_TOKEN_FILE"
      "webTls/tls.crt" "DEPENDENTS_WEB_CERTIFICATE_FILE"
      "webTls/tls.key" "DEPENDENTS_WEB_KEY_FILE"
      "test/claim-api-token" "DEPENDENTS_CLAIM_API_TOKEN_FILE" -}}
{{- range $name := .groups }}
{{- $one := dict "root" $.root "group" $name "program" $.program }}
{{- if include "dependents.group" $one | fromJson }}
{{- range $file, $_ := include "dependents.files" $one | fromJson }}
{{- /* Of the two URLs that a Job may have, its own counts. */}}
{{- if not (and (eq $name "database") (eq $file "database-url") (has "migration" $.groups)) }}
- name: {{ get $variables (printf "%s/%s" $name $file) }}
  value: {{ include "dependents.folder" $name }}/{{ $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

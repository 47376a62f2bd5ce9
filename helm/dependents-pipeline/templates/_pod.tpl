{{/* What the pods of all programs have in common. */}}

{{/* The settings that every program shares: variables by name; JSON. */}}
{{- define "dependents.sharedEnv" -}}
{{- $kafka := .Values.kafka -}}
{{- $type := $kafka.authentication.type -}}
{{- $all := dict
      "DEPENDENTS_KAFKA_BROKERS" $kafka.brokers
      "DEPENDENTS_TOPIC_PREFIX" $kafka.topicPrefix
      "DEPENDENTS_RENEW_EVERY" "10s"
      "DEPENDENTS_RENEW_NOTICE" (include "dependents.notice" .)
      "MALLOC_ARENA_MAX" (include "dependents.text" .Values.mallocArenaMax)
      "PGSSLMODE" .Values.database.sslmode -}}
{{- /* With certificates to trust libpq checks the server's even for `require`, which asks for none. */}}
{{- if and (not .Values.database.ca) (hasPrefix "verify" .Values.database.sslmode) }}{{- $_ := set $all "PGSSLROOTCERT" "/etc/ssl/certs/ca-certificates.crt" -}}{{- end -}}
{{- $sasl := has $type (list "plain" "scram-sha-256" "scram-sha-512") -}}
{{- $_ := set $all "DEPENDENTS_KAFKA_SECURITY_PROTOCOL" (printf "%s%s" (ternary "sasl_" "" $sasl) (ternary "ssl" "plaintext" $kafka.tls.enabled)) -}}
{{- if $sasl }}
{{- $_ := set $all "DEPENDENTS_KAFKA_SASL_MECHANISM" (upper $type) -}}
{{- if not .Values.strimzi.users.enabled }}{{- $_ := set $all "DEPENDENTS_KAFKA_SASL_USERNAME" $kafka.authentication.username -}}{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.settings -}}
{{- $_ := set $all (include "dependents.variable" $name) (include "dependents.text" $value) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* How long a program is not ready before it ends: until Kubernetes has noticed, by its own defaults where none are given, and some. */}}
{{- define "dependents.notice" -}}
{{- $times := default dict .Values.probes.readiness -}}
{{- add 5 (mul (default 10 $times.periodSeconds | int) (default 3 $times.failureThreshold | int)) -}}s
{{- end -}}

{{/* Variables that a program has for itself. */}}
{{- define "dependents.ownEnv" -}}
{{- if and .root.Values.strimzi.users.enabled (has "kafka" .groups) (ne .root.Values.kafka.authentication.type "tls") }}
- name: DEPENDENTS_KAFKA_SASL_USERNAME
  value: {{ include "dependents.fullname" .root }}-{{ .program }}
{{- end }}
{{- include "dependents.secretEnv" . }}
{{- range $name, $value := .own }}
- name: {{ include "dependents.variable" $name }}
  value: {{ include "dependents.literal" $value }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "own" LIST): variables that are nobody's setting. Their order stays: one may name an earlier one. */}}
{{- define "dependents.extraEnv" -}}
{{- range include "dependents.variables" (list .root.Values.extraEnv .own) | fromJsonArray }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{- define "dependents.hosts" -}}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "dependents.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  {{- with .Values.podSecurityContext.runAsUser }}
  runAsUser: {{ include "dependents.text" . }}
  runAsGroup: {{ include "dependents.text" . }}
  {{- end }}
  {{- with .Values.podSecurityContext.fsGroup }}
  fsGroup: {{ include "dependents.text" . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "dependents.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* A change of what the chart renders makes new pods. Of a Secret no more than eight bits stand where whoever reads pods reads them
     (README, Decisions). */}}
{{- define "dependents.checksums" -}}
checksum/settings: {{ include "dependents.sharedEnv" .root | sha256sum }}
{{- $own := list }}
{{- range .groups }}
{{- $group := include "dependents.group" (dict "root" $.root "group" . "program" $.program) | fromJson }}
{{- if $group.values }}
{{- $sum := printf "%s %s %s %s" $.root.Release.Namespace (include "dependents.fullname" $.root) . (toJson $group.values) | sha256sum }}
{{- $own = append $own (printf "%s-%s" (kebabcase .) (trunc 2 $sum)) }}
{{- end }}
{{- end }}
{{- with $own }}
checksum/secrets: {{ join "." . | quote }}
{{- end }}
{{- end -}}

{{/* (dict "path" PATH "times" TIMES "asked" {port, scheme}) */}}
{{- define "dependents.probe" -}}
httpGet:
  path: {{ .path }}
  {{- range $name, $value := .asked }}
  {{ $name }}: {{ $value }}
  {{- end }}
{{- range $name, $value := .times }}
{{ $name }}: {{ include "dependents.text" $value }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "asked" {port, scheme}) */}}
{{- define "dependents.probes" -}}
{{- $probes := .root.Values.probes -}}
startupProbe:
  {{- include "dependents.probe" (dict "path" "/livez" "times" $probes.startup "asked" .asked) | nindent 2 }}
livenessProbe:
  {{- include "dependents.probe" (dict "path" "/livez" "times" $probes.liveness "asked" .asked) | nindent 2 }}
readinessProbe:
  {{- include "dependents.probe" (dict "path" "/readyz" "times" $probes.readiness "asked" .asked) | nindent 2 }}
{{- end -}}

{{/* root, program, kind, workload (placement, labels), groups, own, resources, grace; optional: ports, lifecycle, spool; noMetrics: it has no
     such port; asked: where its probes ask in place of that, {}: nowhere. */}}
{{- define "dependents.podTemplate" -}}
metadata:
  labels:
    {{- include "dependents.podLabels" (dict "root" .root "component" .program) | nindent 4 }}
    {{- with .workload.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .program }}
    {{- include "dependents.checksums" . | nindent 4 }}
    {{- with .workload.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "dependents.serviceAccount" (dict "root" .root "component" .program) }}
  automountServiceAccountToken: false
  # Kubernetes would add variables named after Services, DEPENDENTS_… among them, which no program knows.
  enableServiceLinks: false
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ quote . }}
    {{- end }}
  {{- end }}
  {{- include "dependents.podSecurity" .root | nindent 2 }}
  {{- with include "dependents.hosts" .root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .grace }}
  {{- with .workload.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .workload.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .workload.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .workload.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .root.Values.topologySpread.enabled .root.Values.topologySpread.topologyKeys }}
  topologySpreadConstraints:
    {{- range .root.Values.topologySpread.topologyKeys }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $.root.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "dependents.selector" (dict "root" $.root "component" $.program) | nindent 10 }}
      matchLabelKeys: [{{ ternary "controller-revision-hash" "pod-template-hash" (eq $.kind "StatefulSet") }}]
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .program }}
      image: {{ include "dependents.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      # Exec form, no shell: the program is process 1 and gets SIGTERM.
      command: [/usr/bin/{{ .program }}]
      envFrom:
        - configMapRef:
            name: {{ include "dependents.fullname" .root }}-settings
      env:
        {{- if eq .kind "StatefulSet" }}
        - name: DEPENDENTS_KAFKA_GROUP_INSTANCE_ID
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- if not .noMetrics }}
        - name: DEPENDENTS_METRICS_ADDRESS
          value: {{ .root.Values.metrics.address | quote }}
        - name: DEPENDENTS_METRICS_PORT
          value: {{ include "dependents.text" .root.Values.metrics.port | quote }}
        {{- end }}
        {{- with .env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- include "dependents.ownEnv" . | trim | nindent 8 }}
        {{- with include "dependents.extraEnv" (dict "root" .root "own" .workload.extraEnv) | trim }}
        {{- . | nindent 8 }}
        {{- end }}
      ports:
        {{- if not .noMetrics }}
        - name: metrics
          containerPort: {{ include "dependents.text" .root.Values.metrics.port }}
        {{- end }}
        {{- with .ports }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with ternary .asked (dict "port" "metrics") (hasKey . "asked") }}
      {{- include "dependents.probes" (dict "root" $.root "asked" .) | nindent 6 }}
      {{- end }}
      {{- with .lifecycle }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      {{- include "dependents.containerSecurity" .root | nindent 6 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .spool }}
        - name: spool
          mountPath: /var/spool/dependents
        {{- end }}
        {{- include "dependents.secretMounts" . | trim | nindent 8 }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- with .spool }}
    - name: spool
      emptyDir:
        sizeLimit: {{ . }}
    {{- end }}
    {{- include "dependents.secretVolumes" . | trim | nindent 4 }}
{{- end -}}

{{/* What runs before an install and before an upgrade. A first install has nothing of the chart yet, so a Job brings along
     what it needs: Secrets of the chart's own a second time, an account, its way through the network. All of it is gone after. */}}

{{- define "dependents.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Groups of the Jobs that run; JSON list. */}}
{{- define "dependents.jobGroups" -}}
{{- $groups := list -}}
{{- if .Values.migrations.job.enabled -}}
{{- $groups = concat $groups (include "dependents.migrateGroups" . | fromJsonArray) -}}
{{- end -}}
{{- if eq .Values.topics.provision "job" -}}
{{- $groups = concat $groups (list "kafka" "kafkaCa") -}}
{{- end -}}
{{- toJson $groups -}}
{{- end -}}

{{/* The URL straight to PostgreSQL, if there is one; the certificates are the same. */}}
{{- define "dependents.migrateGroups" -}}
{{- $direct := include "dependents.group" (dict "root" . "group" "migration") | fromJson -}}
{{- $certificates := or .Values.database.ca .Values.database.clientCertificate -}}
{{- if not $direct -}}
["database"]
{{- else if $certificates -}}
["database", "migration"]
{{- else -}}
["migration"]
{{- end -}}
{{- end -}}

{{/* root, name, weight, args, groups, job */}}
{{- define "dependents.job" -}}
{{- $component := .name }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "dependents.fullname" .root }}-{{ .name }}
  labels:
    {{- include "dependents.labels" (dict "root" .root "component" $component) | nindent 4 }}
  annotations:
    {{- include "dependents.hook" (dict "weight" .weight) | nindent 4 }}
spec:
  activeDeadlineSeconds: {{ include "dependents.text" .job.deadlineSeconds }}
  backoffLimit: {{ include "dependents.text" .job.backoffLimit }}
  template:
    metadata:
      labels:
        {{- include "dependents.podLabels" (dict "root" .root "component" $component) | nindent 8 }}
        dependents-pipeline/job: "true"
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "dependents.jobAccount" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ quote . }}
        {{- end }}
      {{- end }}
      {{- include "dependents.podSecurity" .root | nindent 6 }}
      {{- with include "dependents.hosts" .root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: pipelinectl
          image: {{ include "dependents.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [/usr/bin/pipelinectl]
          args: {{ toJson .args }}
          env:
            {{- range $name, $value := include "dependents.sharedEnv" .root | fromJson }}
            - name: {{ $name }}
              value: {{ include "dependents.literal" $value }}
            {{- end }}
            {{- include "dependents.ownEnv" (dict "root" .root "program" .name "groups" .groups "own" dict) | trim | nindent 12 }}
            {{- with include "dependents.extraEnv" (dict "root" .root) | trim }}
            {{- . | nindent 12 }}
            {{- end }}
          resources:
            {{- toYaml .job.resources | nindent 12 }}
          {{- include "dependents.containerSecurity" .root | nindent 10 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- include "dependents.secretMounts" (dict "root" .root "program" .name "groups" .groups) | trim | nindent 12 }}
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 16Mi
        {{- include "dependents.secretVolumes" (dict "root" .root "program" .name "groups" .groups "before" true) | trim | nindent 8 }}
{{- end -}}

{{- define "dependents.jobAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ include "dependents.fullname" . }}-before
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

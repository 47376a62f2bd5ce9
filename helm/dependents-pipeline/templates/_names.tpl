{{/* Names, labels, and how values become texts. */}}

{{- define "dependents.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for "-form-686c-settings" behind it. Of what is longer a sum tells one from another. */}}
{{- define "dependents.fullname" -}}
{{- $name := include "dependents.name" . -}}
{{- $whole := .Values.fullnameOverride | default (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) -}}
{{- if gt (len $whole) 40 -}}
{{ $whole | trunc 33 | trimSuffix "-" }}-{{ sha256sum $whole | trunc 6 }}
{{- else -}}
{{ $whole | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* (dict "root" $ "component" NAME): what never changes, for selectors. */}}
{{- define "dependents.selector" -}}
app.kubernetes.io/name: {{ include "dependents.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "dependents.labels" -}}
{{ include "dependents.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: dependents-pipeline
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of a pod: not the chart's version, for which no pod has to be made anew. */}}
{{- define "dependents.podLabels" -}}
{{ include "dependents.selector" . }}
app.kubernetes.io/part-of: dependents-pipeline
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whether it is a domain name, as most names in Kubernetes are: "true", or nothing. */}}
{{- define "dependents.isDomain" -}}
{{- if and (le (len .) 253) (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" .) }}true{{ end -}}
{{- end -}}

{{/* Whether it is a key of a label or an annotation: "true", or nothing. */}}
{{- define "dependents.isKey" -}}
{{- $parts := splitList "/" . -}}
{{- $domain := ternary (first $parts) "a" (gt (len $parts) 1) -}}
{{- if and (le (len $parts) 2) (include "dependents.isDomain" $domain) (le (len (last $parts)) 63)
      (regexMatch "^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$" (last $parts)) }}true{{ end -}}
{{- end -}}

{{- define "dependents.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "dependents.serviceAccount" -}}
{{- if .root.Values.serviceAccount.create -}}
{{ include "dependents.fullname" .root }}-{{ .component }}
{{- else -}}
{{ default "default" .root.Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* A value of a setting as text: YAML's numbers come as floats, and 1000000000 would become 1e+09. */}}
{{- define "dependents.text" -}}
{{- if kindIs "float64" . -}}
{{- if eq . (floor .) }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end -}}
{{- else -}}
{{ . }}
{{- end -}}
{{- end -}}

{{/* The same as the value of a container's variable, where $$ means $ and $(NAME) another variable. */}}
{{- define "dependents.literal" -}}
{{ include "dependents.text" . | replace "$" "$$" | quote }}
{{- end -}}

{{/* The variable of a setting: bgs-url, kafka.session.timeout.ms. */}}
{{- define "dependents.variable" -}}
DEPENDENTS_{{ . | upper | replace "-" "_" | replace "." "_" }}
{{- end -}}

{{/* Whole seconds, rounded up, of 250ms, 30s, 15m, 48h, 2d, 0. */}}
{{- define "dependents.seconds" -}}
{{- $number := regexFind "^[0-9]+" (toString .) | int64 -}}
{{- $unit := regexReplaceAll "^[0-9]+" (toString .) "" -}}
{{- if eq $unit "ms" -}}{{ div (add $number 999) 1000 }}
{{- else if eq $unit "m" -}}{{ mul $number 60 }}
{{- else if eq $unit "h" -}}{{ mul $number 3600 }}
{{- else if eq $unit "d" -}}{{ mul $number 86400 }}
{{- else -}}{{ $number }}
{{- end -}}
{{- end -}}

{{/* Bytes of 256Mi, 1.5Gi, 1G, 3e9, 1000000, 1500m. */}}
{{- define "dependents.bytes" -}}
{{- $text := include "dependents.text" . -}}
{{- $number := regexFind "^[0-9.]+([eE][0-9]+)?" $text -}}
{{- $units := dict "k" 1000 "Ki" 1024 "M" 1000000 "Mi" 1048576 "G" 1000000000 "Gi" 1073741824 "T" 1000000000000 "Ti" 1099511627776
      "P" 1000000000000000 "Pi" 1125899906842624 "m" 0.001 -}}
{{- mulf (float64 $number) (get $units (trimPrefix $number $text) | default 1) | int64 -}}
{{- end -}}

{{/* Of lists of variables one: of a name the last counts, in the place of the first, so that who names an earlier one still does; JSON. */}}
{{- define "dependents.variables" -}}
{{- $names := list -}}
{{- $last := dict -}}
{{- range . -}}
{{- range default list . -}}
{{- $names = append $names .name -}}
{{- $_ := set $last .name . -}}
{{- end -}}
{{- end -}}
{{- $all := list -}}
{{- range uniq $names -}}{{- $all = append $all (get $last .) -}}{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* The consumers that run, by name, each complete: a JSON object. */}}
{{- define "dependents.consumers" -}}
{{- $all := dict -}}
{{- range $name, $own := .Values.consumers -}}
{{- $consumer := mustMergeOverwrite (deepCopy $.Values.consumerDefaults) (deepCopy (default dict $own)) -}}
{{- $_ := set $consumer "extraEnv" (include "dependents.variables" (list $.Values.consumerDefaults.extraEnv (default dict $own).extraEnv) | fromJsonArray) -}}
{{- if $consumer.enabled -}}
{{- $_ := set $all $name $consumer -}}
{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* (dict "root" $ "own" SETTINGS "name" NAME "default" TEXT): a program's setting as it holds. */}}
{{- define "dependents.setting" -}}
{{- $all := mustMergeOverwrite (dict) (default dict .root.Values.settings) (default dict .own) -}}
{{- if hasKey $all .name }}{{ include "dependents.text" (get $all .name) }}{{ else }}{{ .default }}{{ end -}}
{{- end -}}

{{/* Seconds from SIGTERM to SIGKILL: the time that a program takes for itself, and some. */}}
{{- define "dependents.grace" -}}
{{- $deadline := include "dependents.setting" (dict "root" .root "own" .own "name" "shutdown-deadline" "default" "25s") -}}
{{- add (include "dependents.seconds" $deadline | int64) 5 (default 0 .more | int64) -}}
{{- end -}}

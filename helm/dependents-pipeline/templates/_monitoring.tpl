{{/* What all series of this release have, and no other's: as PromQL's matchers. */}}
{{- define "dependents.matchers" -}}
{{- $labels := default dict .Values.metrics.labels -}}
{{- if not $labels -}}
{{- $labels = dict "namespace" .Release.Namespace -}}
{{- if .Values.podMonitor.enabled -}}
{{- $_ := set $labels "job" (printf "%s/%s" .Release.Namespace (include "dependents.fullname" .)) -}}
{{- end -}}
{{- end -}}
{{- $matchers := list -}}
{{- range $label, $value := $labels }}{{- $matchers = append $matchers (printf "%s=%q" $label $value) }}{{- end -}}
{{- join "," $matchers -}}
{{- end -}}

{{/* (dict "root" $ "expr" PROMQL): the same, missing those that run here and nobody else. */}}
{{- define "dependents.missed" -}}
{{- $expr := .expr -}}
{{- $absent := " or absent\\(dependents_kafka_group_steady\\{consumer=\"[^\"]*\"\\}\\)" -}}
{{- if regexMatch $absent $expr -}}
{{- $expr = regexReplaceAll $absent $expr "" -}}
{{- range $name, $_ := include "dependents.consumers" .root | fromJson -}}
{{- $expr = printf "%s or absent(dependents_kafka_group_steady{consumer=%q})" $expr $name -}}
{{- end -}}
{{- end -}}
{{- if not .root.Values.claimApi.enabled -}}
{{- $expr = replace " or absent(dependents_claim_api_tokens)" "" $expr -}}
{{- end -}}
{{- $expr -}}
{{- end -}}

{{/* (dict "root" $ "expr" PROMQL): the same of this release alone. Every name of ours gets the matchers, before those it has. */}}
{{- define "dependents.ours" -}}
{{- $expr := regexReplaceAll "(dependents_[a-z0-9_]+)\\{" .expr "${1}{%OURS%," -}}
{{- $expr = regexReplaceAll "(dependents_[a-z0-9_]+)([^a-z0-9_{]|$)" $expr "${1}{%OURS%}${2}" -}}
{{- replace "%OURS%" (include "dependents.matchers" .root) $expr -}}
{{- end -}}

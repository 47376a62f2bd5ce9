{{/* Milliseconds of one of Prometheus' durations (1h, 1m30s, 500ms); nothing for what is none, or 0. */}}
{{- define "dependents.scrape" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 -}}
{{- $sum := 0 -}}
{{- if regexMatch "^([0-9]{1,6}y)?([0-9]{1,6}w)?([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?([0-9]{1,9}ms)?$" . -}}
{{- range regexFindAll "[0-9]+[a-z]+" . -1 -}}
{{- $sum = add $sum (mul (regexFind "^[0-9]+" . | int64) (get $units (regexFind "[a-z]+$" .))) -}}
{{- end -}}
{{- end -}}
{{- if $sum }}{{ $sum }}{{ end -}}
{{- end -}}

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

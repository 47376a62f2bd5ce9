{{/* The topics, from files/topics.json, which is schemas/topics.json. */}}

{{/* How many of each, as pipelinectl's options; JSON list. */}}
{{- define "dependents.topicOptions" -}}
{{- $topics := .Values.topics -}}
{{- list
      (printf "--partitions=%s" (include "dependents.text" $topics.partitions))
      (printf "--replication-factor=%s" (include "dependents.text" $topics.replicationFactor))
      (printf "--min-insync-replicas=%s" (include "dependents.text" $topics.minInsyncReplicas)) | toJson -}}
{{- end -}}

{{/* (dict "root" $ "own" SETTINGS): all of the command that makes them by hand. */}}
{{- define "dependents.topicsCommand" -}}
{{- $words := concat (list "pipelinectl" "topics" "create") (include "dependents.topicOptions" .root | fromJsonArray) -}}
{{- if ne .root.Values.kafka.topicPrefix "dependents." }}{{- $words = append $words (printf "--topic-prefix=%s" .root.Values.kafka.topicPrefix) }}{{- end -}}
{{- with include "dependents.setting" (dict "root" .root "own" .own "name" "retry-tiers" "default" "") }}{{- $words = append $words (printf "--retry-tiers='%s'" .) }}{{- end -}}
{{- join " " $words -}}
{{- end -}}

{{/* The name of a topic as an object's. */}}
{{- define "dependents.topicObject" -}}
{{- lower . | replace "_" "-" -}}
{{- end -}}

{{/* All of them by full name: {partitions, retention}; JSON. A consumer's tiers are the setting's, else its own in the table. */}}
{{- define "dependents.topics" -}}
{{- $table := .Files.Get "files/topics.json" | fromJson -}}
{{- $prefix := .Values.kafka.topicPrefix -}}
{{- $all := dict -}}
{{- range $table.topics -}}
{{- $_ := set $all (printf "%s%s" $prefix .name) (dict "partitions" $.Values.topics.partitions "retention" .retention_ms) -}}
{{- end -}}
{{- range $consumer, $entry := $table.consumers -}}
{{- $own := get (default dict (get $.Values.consumers $consumer)) "settings" -}}
{{- $tiers := include "dependents.setting" (dict "root" $ "own" $own "name" "retry-tiers" "default" "") | default $entry.retry_tiers -}}
{{- range splitList "," $tiers -}}
{{- $_ := set $all (printf "%s%s.retry-%s" $prefix $consumer (splitList "*" . | first)) (dict "partitions" $.Values.topics.partitions "retention" $table.retry_retention_ms) -}}
{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

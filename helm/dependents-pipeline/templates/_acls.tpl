{{/* What a program may do at the brokers, no more. Each publishes rows of processes that have died (the relay), whatever their topics, and
     looks whether a record is still there (the watch), so topics are the same for all; a group is read by its consumer alone. The
     operators' page looks, and leaves publishing to the others ("reads"). */}}
{{- define "dependents.acls" -}}
- resource: { type: topic, name: {{ .prefix | quote }}, patternType: prefix }
  operations: {{ ternary "[Describe, Read]" "[Describe, DescribeConfigs, Read, Write]" .reads }}
- resource: { type: group, name: {{ .prefix | quote }}, patternType: prefix }
  operations: [Describe]
{{- with .consumer }}
- resource: { type: group, name: {{ printf "%s%s" $.prefix . | quote }}, patternType: literal }
  operations: [Read]
{{- end }}
{{- end -}}

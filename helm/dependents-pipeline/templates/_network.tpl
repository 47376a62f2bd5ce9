{{/* policy, names: the ways out. Name servers for all. */}}
{{- define "dependents.egress" -}}
{{- $policy := .policy -}}
{{- /* Without ports a rule lets everything through, so there is none then. */}}
{{- if $policy.dns.ports }}
{{- include "dependents.way" (dict "of" $policy.dns "protocols" (list "UDP" "TCP")) }}
{{- end }}
{{- range .names }}
{{- $way := get $policy . }}
{{- if $way.ports }}
{{- include "dependents.way" (dict "of" $way "protocols" (list (ternary "UDP" "TCP" (eq . "statsd")))) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "dependents.way" }}
- ports:
    {{- range $port := .of.ports }}
    {{- range $.protocols }}
    - { port: {{ include "dependents.text" $port }}, protocol: {{ . }} }
    {{- end }}
    {{- end }}
  {{- with .of.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "dependents.metricsIngress" -}}
- ports:
    - { port: metrics, protocol: TCP }
  {{- with .Values.networkPolicy.metricsFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

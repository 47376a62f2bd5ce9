{{/* Whether it is an address of IPv4 (without zeros in front, which some take for octal) or IPv6: "true", or nothing. */}}
{{- define "dependents.isAddress" -}}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])" -}}
{{- $four := printf "(%s\\.){3}%s" $octet $octet -}}
{{- if regexMatch (printf "^%s$" $four) . -}}
true
{{- else if contains ":" . -}}
{{- /* An IPv4 tail is two groups. */}}
{{- $text := regexReplaceAll (printf ":%s$" $four) . ":0:0" -}}
{{- $halves := splitList "::" $text -}}
{{- $groups := regexFindAll "[^:]+" $text -1 -}}
{{- $good := and (le (len $halves) 2) (not (contains ":::" $text)) -}}
{{- range $half := $halves -}}
{{- if not (regexMatch "^([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?$" $half) }}{{- $good = false }}{{- end -}}
{{- end -}}
{{- if and $good (ternary (lt (len $groups) 8) (eq (len $groups) 8) (eq (len $halves) 2)) }}true{{ end -}}
{{- end -}}
{{- end -}}

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

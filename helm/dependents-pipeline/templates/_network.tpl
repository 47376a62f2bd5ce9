{{/* Whom the settings name: [{way, where, port}]; JSON. A URL without a port has its scheme's. */}}
{{- define "dependents.called" -}}
{{- $places := list .Values.settings .Values.claimApi.settings -}}
{{- range $name, $consumer := include "dependents.consumers" . | fromJson }}{{- $places = append $places $consumer.settings }}{{- end -}}
{{- $named := list -}}
{{- range splitList "," .Values.kafka.brokers }}{{- $named = append $named (dict "way" "kafka" "where" .) }}{{- end -}}
{{- range $setting, $way := dict "bgs-url" "bgs" "bid-url" "bgs" "intake-url" "intake" "notify-url" "notify" "evidence-url" "evidence"
      "schema-registry-url" "schemaRegistry" "otlp-url" "otlp" "statsd-address" "statsd" -}}
{{- range $places -}}
{{- with get (default dict .) $setting }}{{- $named = append $named (dict "way" $way "where" .) }}{{- end -}}
{{- end -}}
{{- end -}}
{{- $all := list -}}
{{- range uniq $named -}}
{{- $authority := regexReplaceAll "^[A-Za-z]+://" .where "" | splitList "/" | first -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default (ternary "443" (ternary "80" "" (hasPrefix "http:" .where)) (hasPrefix "https:" .where)) -}}
{{- if $port }}{{- $all = append $all (dict "way" .way "where" .where "port" $port) }}{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

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

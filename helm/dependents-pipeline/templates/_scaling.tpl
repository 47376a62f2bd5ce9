{{- define "dependents.dueLag" -}}
{{- $of := printf "%s,consumer=%q" (include "dependents.matchers" .root) .consumer -}}
sum(max by (partition) (dependents_consumer_lag_messages{ {{- $of -}} })) * (1 - (max(dependents_breaker_state{ {{- $of -}} } == bool 2) or vector(0)))
{{- end -}}

{{- define "dependents.scaleDown" -}}
scaleDown:
  stabilizationWindowSeconds: {{ include "dependents.text" .Values.autoscaling.scaleDownStabilizationSeconds }}
  policies:
    - type: Pods
      value: 1
      periodSeconds: {{ include "dependents.text" .Values.autoscaling.scaleDownPeriodSeconds }}
{{- end -}}

{{- define "dependents.dueLag" -}}
{{- $of := printf "namespace=%q,consumer=%q" .root.Release.Namespace .consumer -}}
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

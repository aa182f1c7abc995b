{{- /* Labels, the security of a pod, and the variables that every process gets. Only what Go's own templates know is used here, so that the chart renders anywhere. */ -}}
{{- define "sallyport.labels" }}
    app.kubernetes.io/name: sallyport
    app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sallyport.security" }}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        seccompProfile: { type: RuntimeDefault }
      {{- if .Values.image.pullSecret }}
      imagePullSecrets: [{ name: {{ printf "%q" .Values.image.pullSecret }} }]
      {{- end }}
{{- end }}

{{- define "sallyport.container" }}
          image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | printf "%q" }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          envFrom: [{ secretRef: { name: {{ printf "%q" .Values.secretName }} } }]
{{- end }}

{{- define "sallyport.settings" }}
            - { name: SALLYPORT_MODE, value: distributed }
            - { name: SALLYPORT_HOME, value: /data }
            - { name: SALLYPORT_QUEUE_PREFIX, value: {{ printf "%q" .Values.settings.queuePrefix }} }
            - { name: SALLYPORT_GENERATOR, value: {{ printf "%q" .Values.settings.generator }} }
            - { name: SALLYPORT_GUARD, value: {{ printf "%q" .Values.settings.guard }} }
            - { name: SALLYPORT_PROMPT_GUARD, value: {{ printf "%q" .Values.settings.promptGuard }} }
            - { name: LOG_LEVEL, value: {{ printf "%q" .Values.settings.logLevel }} }
{{- end }}

{{- define "sallyport.resources" }}
          resources:
            requests: { cpu: {{ printf "\"%v\"" .requests.cpu }}, memory: {{ printf "\"%v\"" .requests.memory }} }
            limits: { memory: {{ printf "\"%v\"" .limits.memory }} }
{{- end }}

{{/* Labels by which parts are selected: (dict "root" . "component" "gateway") */}}
{{- define "rogatory.selector" -}}
app.kubernetes.io/name: rogatory
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "rogatory.labels" -}}
{{ include "rogatory.selector" . }}
app.kubernetes.io/part-of: rogatory
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* (dict "root" . "repository" …) */}}
{{- define "rogatory.image" -}}
{{- with .root.Values.image -}}
{{ $.repository }}{{ if .tag }}:{{ .tag }}{{ end }}{{ if .digest }}@{{ .digest }}{{ end }}
{{- end -}}
{{- end }}

{{/* A gateway or a desk. (dict "root" . "component" "desk-central" "repository" … "arguments" (list …) "claim" … "secret" … "resources" … "ports" (dict name port)) */}}
{{- define "rogatory.workload" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "rogatory.labels" . | nindent 4 }}
spec:
  # One program runs on a folder and its database: a second one is locked out.
  replicas: 1
  serviceName: {{ .root.Release.Name }}-{{ .component }}
  selector:
    matchLabels:
      {{- include "rogatory.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "rogatory.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ .root.Release.Name }}-rogatory
      automountServiceAccountToken: false
      enableServiceLinks: false
      # SIGTERM lets running calls end.
      terminationGracePeriodSeconds: 60
      # No fsGroup: it would open the keys on the claim to a group. The claim is the user's already.
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      containers:
        - name: program
          image: {{ include "rogatory.image" . | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args:
            {{- toYaml .arguments | nindent 12 }}
          {{- with .ports }}
          ports:
            {{- range $name, $port := . }}
            - name: {{ $name }}
              containerPort: {{ $port }}
            {{- end }}
          {{- end }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          # Over the ops port, which the arguments open. Only readiness asks for each check: no restart makes room on a disk or renews a certificate.
          startupProbe:
            httpGet: {path: /livez, port: ops}
            periodSeconds: 5
            timeoutSeconds: 15
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /readyz, port: ops}
            periodSeconds: 15
            timeoutSeconds: 15
          livenessProbe:
            httpGet: {path: /livez, port: ops}
            periodSeconds: 60
            timeoutSeconds: 30
            failureThreshold: 5
          resources:
            {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            - name: state
              mountPath: /var/lib/rogatory
            - name: passphrase
              mountPath: /run/secrets/rogatory
              readOnly: true
            - name: temporary
              mountPath: /tmp
      volumes:
        - name: state
          persistentVolumeClaim:
            claimName: {{ .claim }}
        - name: passphrase
          secret:
            secretName: {{ .secret }}
            # There is one user in the pod.
            defaultMode: 0444
            items:
              - key: passphrase
                path: passphrase
        - name: temporary
          emptyDir:
            medium: Memory
            sizeLimit: 64Mi
      {{- with .root.Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

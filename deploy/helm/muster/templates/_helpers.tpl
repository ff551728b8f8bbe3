{{/* The name of the release's objects. */}}
{{- define "muster.name" -}}
{{- if contains "muster" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-muster" (.Release.Name | trunc 33 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "muster.selector" -}}
app.kubernetes.io/name: muster
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "muster.labels" -}}
{{ include "muster.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "muster.image" -}}
{{- if .Values.image.digest }}{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}{{ else }}{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}{{ end }}
{{- end }}

{{/* Where secrets are files. */}}
{{- define "muster.secretsPath" -}}/run/secrets/muster{{- end }}

{{/* The environment's name of the setting for each secret of the values. */}}
{{- define "muster.secretNames" -}}
database: MUSTER_DATABASE_URL
databaseOwner: MUSTER_DATABASE_URL
broker: MUSTER_AMQP_URL
brokerManagement: MUSTER_RABBITMQ_MANAGEMENT_URL
carrierAuthToken: MUSTER_CARRIER_AUTH_TOKEN
phoneHashKey: MUSTER_PHONE_HASH_KEY
phoneHashKeyPrevious: MUSTER_PHONE_HASH_KEY_PREVIOUS
signInKey: MUSTER_SIGN_IN_KEY
objectStoreKey: MUSTER_OBJECT_STORE_KEY_SECRET
{{- end }}

{{/* Environment and files of a container's secrets: a dictionary of `root` and `secrets`, names of the values. */}}
{{- define "muster.secretEnv" -}}
{{- $names := include "muster.secretNames" .root | fromYaml }}
{{- range .secrets }}
{{- if (index $.root.Values.secrets .).name }}
- name: {{ index $names . }}_FILE
  value: {{ include "muster.secretsPath" $.root }}/{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "muster.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range .secrets }}
      {{- $reference := index $.root.Values.secrets . }}
      {{- if $reference.name }}
      - secret:
          name: {{ $reference.name }}
          items: [{ key: {{ $reference.key | quote }}, path: {{ . }} }]
      {{- end }}
      {{- end }}
{{- end }}

{{/* Settings of the values, of all processes and of one: the one's go over the others. */}}
{{- define "muster.settingEnv" -}}
{{- range $name, $value := mergeOverwrite (deepCopy .root.Values.settings) (.env | default dict) }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- define "muster.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "muster.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* A daemon's Deployment: a dictionary of `root`, `component`, `name`, `program`, `options`, `secrets`, `scaled`. */}}
{{- define "muster.daemon" -}}
{{- $root := .root }}
{{- $shutdown := $root.Values.shutdown }}
{{- $isApi := eq .program "muster-api" }}
{{- $needsObjects := and $root.Values.objectStore.existingClaim (ne .program "muster-scheduler") }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "muster.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not .scaled }}
  replicas: {{ .options.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  selector:
    matchLabels:
      {{- include "muster.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels:
        {{- include "muster.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        {{- with .options.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ .program }}
        {{- with .options.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "muster.name" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      terminationGracePeriodSeconds: {{ add $shutdown.graceSeconds $shutdown.marginSeconds (ternary $shutdown.preStopSeconds 0 $isApi) }}
      securityContext:
        {{- include "muster.podSecurity" $root | nindent 8 }}
      {{- if $root.Values.topologySpread.enabled }}
      topologySpreadConstraints:
        {{- range $root.Values.topologySpread.keys }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- include "muster.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.component }}
        {{- end }}
      {{- end }}
      {{- with .options.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .options.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .options.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .options.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      containers:
        - name: {{ .program }}
          image: {{ include "muster.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [/usr/bin/{{ .program }}]
          env:
            - name: MUSTER_PROCESS_NAME
              valueFrom: { fieldRef: { fieldPath: metadata.name } }
            {{- if $isApi }}
            - name: MUSTER_LISTEN
              value: {{ printf "%s:8080" $root.Values.listenAddress | quote }}
            - name: MUSTER_HEALTH_LISTEN
              value: {{ printf "%s:9090" $root.Values.listenAddress | quote }}
            {{- else }}
            - name: MUSTER_LISTEN
              value: {{ printf "%s:9090" $root.Values.listenAddress | quote }}
            {{- end }}
            - name: MUSTER_SHUTDOWN_GRACE_SECONDS
              value: {{ $shutdown.graceSeconds | quote }}
            {{- include "muster.settingEnv" (dict "root" $root "env" .options.env) | trim | nindent 12 }}
            {{- include "muster.secretEnv" (dict "root" $root "secrets" .secrets) | trim | nindent 12 }}
          ports:
            {{- if $isApi }}
            - { name: http, containerPort: 8080 }
            {{- end }}
            - { name: health, containerPort: 9090 }
          startupProbe:
            httpGet: { path: /livez, port: health }
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: { path: /livez, port: health }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: health }
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 2
          {{- if and $isApi $shutdown.preStopSeconds }}
          # Proxies learn that the pod leaves before it takes no more connections.
          lifecycle:
            preStop:
              sleep: { seconds: {{ $shutdown.preStopSeconds }} }
          {{- end }}
          resources:
            {{- toYaml .options.resources | nindent 12 }}
          securityContext:
            {{- include "muster.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - { name: secrets, mountPath: {{ include "muster.secretsPath" $root }}, readOnly: true }
            {{- if $needsObjects }}
            - { name: objects, mountPath: /var/lib/muster/objects }
            {{- end }}
      volumes:
        {{- include "muster.secretVolume" (dict "root" $root "secrets" .secrets) | nindent 8 }}
        {{- if $needsObjects }}
        - name: objects
          persistentVolumeClaim: { claimName: {{ $root.Values.objectStore.existingClaim }} }
        {{- end }}
{{- if $root.Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  labels:
    {{- include "muster.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  maxUnavailable: {{ $root.Values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "muster.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- end }}

{{/* A Job before new pods: a dictionary of `root`, `component`, `arguments`, `secrets`, `weight`. Such a Job runs before the
release's other objects are there, and uses none of them. */}}
{{- define "muster.before" -}}
{{- $root := .root }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "muster.name" $root }}-{{ .component }}
  labels:
    {{- include "muster.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation
    argocd.argoproj.io/hook: PreSync
    argocd.argoproj.io/sync-wave: {{ .weight | quote }}
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
spec:
  backoffLimit: 3
  activeDeadlineSeconds: {{ $root.Values.migration.activeDeadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "muster.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "muster.podSecurity" $root | nindent 8 }}
      containers:
        - name: muster
          image: {{ include "muster.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [/usr/bin/muster]
          args: {{ .arguments | toJson }}
          env:
            {{- include "muster.secretEnv" (dict "root" $root "secrets" .secrets) | trim | nindent 12 }}
          resources:
            {{- toYaml $root.Values.migration.resources | nindent 12 }}
          securityContext:
            {{- include "muster.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - { name: secrets, mountPath: {{ include "muster.secretsPath" $root }}, readOnly: true }
      volumes:
        {{- include "muster.secretVolume" (dict "root" $root "secrets" .secrets) | nindent 8 }}
{{- end }}

{{/* Fails where a setting or a secret is missing without which a process does not start. */}}
{{- define "muster.complete" -}}
{{- range list "MUSTER_PUBLIC_URL" "MUSTER_OBJECT_STORE_URL" "MUSTER_CARRIER_URL" "MUSTER_CARRIER_ACCOUNT_SID" }}
{{- if not (hasKey $.Values.settings .) }}{{ fail (printf "settings.%s has to be set" .) }}{{ end }}
{{- end }}
{{- $needed := list "database" "broker" "carrierAuthToken" "phoneHashKey" }}
{{- if .Values.migration.enabled }}{{ $needed = append $needed "databaseOwner" }}{{ end }}
{{- range $needed }}
{{- if not (index $.Values.secrets .).name }}{{ fail (printf "secrets.%s.name has to be set" .) }}{{ end }}
{{- end }}
{{- end }}

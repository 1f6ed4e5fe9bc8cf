module rollout-reporter.dev/controlplane/openapi-1.32

go 1.26.0

require k8s.io/kubernetes v1.32.13

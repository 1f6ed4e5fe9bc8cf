"""Reading and writing Kubernetes. The only home of the kubernetes client."""

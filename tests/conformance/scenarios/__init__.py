"""What can happen to a workload, each story in a namespace of its own."""

"""The shell: watches, the outbox, the reporting loop, settings and metrics. The only home of kopf."""

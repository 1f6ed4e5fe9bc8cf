"""Speaking with Jira Cloud: cloud id, token, submission, and reading the answers. The only home of httpx."""

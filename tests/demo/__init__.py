"""The whole product at work, for somebody who sees it for the first time.

python -m demo         starts everything, tells a story, stays until Ctrl-C; with --once (or ONCE=1) it ends
                       by itself, and fails if Jira holds anything else than expected
python -m demo down    removes what a killed demo has left behind
"""

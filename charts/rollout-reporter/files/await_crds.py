"""Ends well once the API server serves JiraSites, badly after a minute."""

import json
import os
import pathlib
import ssl
import time
import urllib.request

GROUP_VERSION = "rollout-reporter.dev/v1alpha1"
RESOURCE = "jirasites"

account = pathlib.Path(os.environ.get("ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount"))
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
url = f"https://{f'[{host}]' if ':' in host else host}:{port}/apis/{GROUP_VERSION}"
question = urllib.request.Request(url, headers={"Authorization": f"Bearer {(account / 'token').read_text()}"})
trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
# No proxy of the environment: the API server is near.
direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
)

for _ in range(60):
    try:
        with direct.open(question, timeout=5) as answer:
            if RESOURCE in (each["name"] for each in json.load(answer)["resources"]):
                break
    except OSError as error:
        print(f"{url}: {error}", flush=True)
    time.sleep(1)
else:
    raise SystemExit(f"The API server does not serve {RESOURCE}.{GROUP_VERSION}.")

"""Plays a script on a cluster, whatever else breaks there.

It speaks to the API server directly, and says everything again until it was heard. It waits for the cluster
alone, never for the operator or for Jira.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from chaos.actor import Actor
from chaos.administrator import Administrator, client_of
from chaos.script import Script, Track
from controlplane import Cluster


class Story:
    """A script and the two Namespaces, which exist already, that it is played in."""

    def __init__(self, cluster: Cluster, namespaces: tuple[str, str], script: Script) -> None:
        self.namespaces, self.script = namespaces, script
        self._cluster = cluster
        self._lock = threading.Lock()
        self._done = 0

    @property
    def progress(self) -> float:
        """The part of all steps that is done, 0 to 1; any thread may ask."""
        return self._done / sum(len(track.steps) for track in self.script.tracks)

    def play(self) -> None:
        """Play all tracks; return when all have ended, and Namespace 1 is gone if it is to go.

        Raises:
            ClusterError: The cluster did not get there; all other tracks have ended all the same.
        """
        with client_of(self._cluster) as client, ThreadPoolExecutor(len(self.script.tracks)) as pool:
            api = Administrator(client)
            playing = [(each, pool.submit(self._play, api, each)) for each in self.script.tracks]
            if self.script.deletes_namespace:
                for track, future in playing:
                    if track.namespace == 1:
                        future.exception()
                api.delete(f"/api/v1/namespaces/{self.namespaces[1]}")
            for _, future in playing:
                future.result()

    def _play(self, api: Administrator, track: Track) -> None:
        actor = Actor(api, self.namespaces[track.namespace], track)
        for step in track.steps:
            actor.play(step)
            with self._lock:
                self._done += 1

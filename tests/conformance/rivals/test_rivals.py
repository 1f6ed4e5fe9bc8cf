from conformance.rivals import ERROR, MEANINGS, RIVALS, argocd, kstatus, kubectl, rollouts_plugin
from conformance.rivals.objects import deployment, rollout

KUBECTL, KSTATUS, ARGO_CD, PLUGIN = RIVALS
HEALTHY = {"phase": "Healthy"}


def test_every_word_has_a_meaning() -> None:
    words = {
        value
        for module in (kubectl, kstatus, argocd, rollouts_plugin)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }

    assert words == MEANINGS.keys()


def test_they_speak_our_words() -> None:
    assert [rival.says(deployment()) for rival in (KUBECTL, KSTATUS, ARGO_CD)] == ["successful"] * 3
    assert [rival.says(rollout(status=HEALTHY)) for rival in (ARGO_CD, PLUGIN)] == ["successful"] * 2


def test_they_say_nothing_of_what_they_do_not_know() -> None:
    assert KUBECTL.says(rollout()) is None
    assert PLUGIN.says(deployment()) is None
    assert KSTATUS.says(deployment(metadata={"deletionTimestamp": "2026-11-24T11:00:00Z"})) is None


def test_one_that_cannot_judge_says_so() -> None:
    assert KSTATUS.says(rollout()) == ERROR

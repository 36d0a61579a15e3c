"""What CodeDeploy invokes before traffic moves."""

from tests.roles.process import Scenario, place
from tests.support.aws import invoke
from tests.support.releases import deploying
from tests.support.samples import sample


def check_version() -> None:
    with deploying():
        assert invoke(place("release/check_version"), sample("release/check_version"))["status"] == "Succeeded"


SCENARIOS: dict[str, Scenario] = {"release/check_version": check_version}

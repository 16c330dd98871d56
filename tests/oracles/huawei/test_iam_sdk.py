"""The vendor's own client of IAM, as it comes, gets tokens and projects from the simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkiam import v3 as iam

from baimo.simulator.faces.pangu import PanguFace
from baimo.testing import Simulator

CHAT = f"/v1/{PanguFace.project}/deployments/pangu-n1/chat/completions"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("pangu") as simulator:
        yield simulator


def client(simulator: Simulator) -> Any:
    own = simulator.credentials_of("pangu")
    credential = GlobalCredentials(own["access_key"], own["secret_key"], "d" * 32)
    made = iam.IamClient.new_builder().with_credentials(credential)
    return made.with_endpoint(simulator.origin_of("pangu")).build()


def login(simulator: Simulator, **changes: str) -> Any:
    own = simulator.credentials_of("pangu") | changes
    user = iam.PwdPasswordUser(
        name=own["iam_user"],
        password=own["iam_password"],
        domain=iam.PwdPasswordUserDomain(name=own["iam_domain"]),
    )
    identity = iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user=user))
    scope = iam.AuthScope(project=iam.AuthScopeProject(name=PanguFace.region))
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=iam.PwdAuth(identity=identity, scope=scope))
    request = iam.KeystoneCreateUserTokenByPasswordRequest(nocatalog="true", body=body)
    return client(simulator).keystone_create_user_token_by_password(request)


def test_a_token_by_password_opens_pangu(simulator: Simulator) -> None:
    made = login(simulator)
    assert made.token.project.id == PanguFace.project
    assert made.token.methods == ["password"]
    begun, ends = (
        datetime.fromisoformat(text.replace("Z", "+00:00"))
        for text in (made.token.issued_at, made.token.expires_at)
    )
    assert (ends - begun).total_seconds() == 24 * 3600
    reply = requests.post(
        simulator.origin_of("pangu") + CHAT,
        headers={"X-Auth-Token": made.x_subject_token},
        json={"messages": [{"role": "user", "content": "你好"}]},
        timeout=10,
    )
    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "你好"


@pytest.mark.parametrize("name", ["iam_user", "iam_password", "iam_domain"])
def test_a_wrong_login_is_its_exception(simulator: Simulator, name: str) -> None:
    with pytest.raises(ClientRequestException) as caught:
        login(simulator, **{name: "another"})
    assert (caught.value.status_code, caught.value.error_code) == (401, 401)
    assert caught.value.error_msg == "The username or password is wrong."


def test_projects_by_name(simulator: Simulator) -> None:
    def listed(name: str) -> list[tuple[str, str]]:
        found = client(simulator).keystone_list_projects(iam.KeystoneListProjectsRequest(name=name))
        return [(project.id, project.name) for project in found.projects]

    assert listed(PanguFace.region) == [(PanguFace.project, PanguFace.region)]
    assert listed("cn-north-4") == []

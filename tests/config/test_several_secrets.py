"""Endpoints that are signed for with several secrets, in one of several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from baimo.auth.iam import IamToken
from baimo.auth.keys import HeaderKey
from baimo.auth.sdk_hmac import SdkHmac
from baimo.auth.sensenova_jwt import SenseNovaJwt
from baimo.auth.tc3 import TC3
from baimo.auth.volcengine_key import VolcengineKey
from baimo.auth.zhipu_jwt import ZhipuJwt
from baimo.config.provider import Provider
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, MissingKeyError
from baimo.types.secret import Secret
from tests.config.machine import Machine

AKSK = {"HUAWEICLOUD_SDK_AK": "FAKEAK00000000000001", "HUAWEICLOUD_SDK_SK": "fake-sk"}
IAM = {
    "HUAWEICLOUD_IAM_USER": "someone",
    "HUAWEICLOUD_IAM_PASSWORD": "fake-password",
    "HUAWEICLOUD_IAM_DOMAIN": "an-account",
}
TC = {"TENCENTCLOUD_SECRET_ID": "AKIDfake", "TENCENTCLOUD_SECRET_KEY": "fake-key"}


def revealed(machine: Machine, model: str, **given: Any) -> Mapping[str, str]:
    """The secrets that a deployment would sign with."""
    return {name: secret.reveal() for name, secret in machine.at(model, **given).secrets.items()}


def test_the_first_way_whose_secrets_are_all_there_is_used(machine: Machine) -> None:
    machine.environ |= {"PANGU_APP_CODE": "fake-code", "HUAWEICLOUD_SDK_PROJECT_ID": "0" * 32}
    at = machine.at("pangu/my-deployment")
    assert isinstance(at.signer, HeaderKey)
    assert revealed(machine, "pangu/x") == {"api_key": "fake-code"}
    machine.environ |= IAM
    assert isinstance(machine.at("pangu/x").signer, IamToken)
    assert revealed(machine, "pangu/x") == {
        "iam_user": "someone",
        "iam_password": "fake-password",
        "iam_domain": "an-account",
    }
    machine.environ |= AKSK
    at = machine.at("pangu/x")
    assert isinstance(at.signer, SdkHmac)
    assert (at.endpoint, at.dialect.name, at.site.codes) == ("v1", "pangu", "huawei")
    assert set(at.secrets) == {"access_key", "secret_key"}


def test_what_stands_in_no_address_reaches_the_site(machine: Machine) -> None:
    machine.environ |= AKSK
    at = machine.at("pangu/x", {"providers": {"pangu": {"project_id": "f" * 32}}})
    assert (at.site.region, at.site.project) == ("cn-southwest-2", "f" * 32)
    assert at.site.base_url == "https://pangu.cn-southwest-2.myhuaweicloud.com"
    assert machine.at("pangu/x").site.project is None
    machine.environ["HUAWEICLOUD_SDK_REGION"] = "cn-east-3"
    assert machine.at("pangu/x").site.region == "cn-east-3"
    machine.environ |= {"SPARKAI_API_KEY": "fake", "SPARKAI_API_SECRET": "fake", "SPARKAI_APP_ID": "0a1b2c3d"}
    assert machine.at("spark/lite").site.app_id == "0a1b2c3d"


def test_a_way_that_cannot_look_its_project_up_must_be_told_it(machine: Machine) -> None:
    machine.environ["PANGU_APP_CODE"] = "fake"
    with pytest.raises(ConfigError, match=r"'v1' needs 'project_id'.*HUAWEICLOUD_SDK_PROJECT_ID"):
        machine.at("pangu/x")
    own = {"base_url": "http://127.0.0.1:9/v1/infers/x"}
    with pytest.raises(ConfigError, match="needs 'project_id'"):
        machine.at("pangu/x", {"providers": {"pangu": own}})
    whole = {**own, "quirks": {"path": "whole"}}
    assert machine.at("pangu/x", {"providers": {"pangu": whole}}).site.base_url == own["base_url"]
    assert machine.at("pangu/x", keys={"pangu": {"app_code": "fake", "project_id": "0" * 32}}).site.project


def test_a_parameter_that_nothing_else_has_a_place_for_is_a_quirk(machine: Machine) -> None:
    machine.environ |= {**AKSK, "PANGU_POOL_ID": "pool-7"}
    assert machine.at("pangu/x").site.quirks.pool_id == "pool-7"


def test_an_address_that_lacks_its_app_is_told_so(machine: Machine) -> None:
    machine.environ |= {"SPARKAI_API_KEY": "fake", "SPARKAI_API_SECRET": "fake"}
    with pytest.raises(ConfigError, match=r"'socket' needs 'app_id'.*SPARKAI_APP_ID.*8 characters"):
        machine.at("spark/lite")


@pytest.mark.parametrize(
    ("there", "missing", "beside"),
    [
        ("HUAWEICLOUD_SDK_AK", "secret_key", "access_key (from HUAWEICLOUD_SDK_AK): set HUAWEICLOUD_SDK_SK"),
        ("HUAWEICLOUD_SDK_SK", "access_key", "secret_key (from HUAWEICLOUD_SDK_SK): set HUAWEICLOUD_SDK_AK"),
        (
            "HUAWEICLOUD_IAM_USER",
            "iam_password and no iam_domain",
            "iam_user (from HUAWEICLOUD_IAM_USER): set HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN",
        ),
    ],
)
def test_a_set_that_is_half_there_says_which_half_lacks(
    machine: Machine, there: str, missing: str, beside: str
) -> None:
    machine.environ[there] = "fake"
    with pytest.raises(MissingKeyError) as raised:
        machine.at("pangu/x")
    assert raised.value.message == f"no {missing} is set beside {beside}"
    assert "PANGU_APP_CODE for app_code" in str(raised.value)
    assert "PANGU_API_KEY for its endpoint v2" in str(raised.value)


def test_a_half_set_of_a_later_endpoint_is_told_rather_than_that_nothing_is_set(machine: Machine) -> None:
    machine.environ["TENCENTCLOUD_SECRET_ID"] = "AKIDfake"
    with pytest.raises(MissingKeyError) as raised:
        machine.at("hunyuan/x")
    assert raised.value.variables == ("TENCENTCLOUD_SECRET_KEY",)
    assert "Or TENCENT_TOKENHUB_API_KEY for its endpoint tokenhub" in str(raised.value)


def test_where_nothing_is_set_every_way_is_told_once(machine: Machine) -> None:
    with pytest.raises(MissingKeyError) as raised:
        machine.at("spark/4.0Ultra")
    assert raised.value.variables == ("SPARKAI_API_KEY", "SPARKAI_API_SECRET")
    assert str(raised.value).count("SPARK_API_PASSWORD") == 1
    assert "for its endpoint http and its endpoint http-x" in str(raised.value)


def test_temporary_credentials_carry_their_token_and_no_other(machine: Machine) -> None:
    machine.environ |= {**TC, "TENCENTCLOUD_TOKEN": "fake-token"}
    at = machine.at("hunyuan/x", {"providers": {"hunyuan": {"endpoint": "native"}}})
    assert isinstance(at.signer, TC3)
    assert set(at.secrets) == {"secret_id", "secret_key", "token"}
    own = {"hunyuan": {"secret_id": "AKIDown", "secret_key": "own-key"}}
    assert set(revealed(machine, "hunyuan/x", keys=own)) == {"secret_id", "secret_key"}
    own["hunyuan"]["token"] = "own-token"
    assert revealed(machine, "hunyuan/x", keys=own)["token"] == "own-token"


def test_keys_that_a_caller_gives_are_used_whatever_lies_in_the_environment(machine: Machine) -> None:
    machine.environ |= AKSK
    assert machine.at("pangu/x", keys={"pangu": {"api_key": "fake"}}).endpoint == "v2"
    assert machine.at("pangu/x", keys={"pangu": "fake"}).endpoint == "v2"
    assert machine.at("pangu/x", keys={"pangu": {"project_id": "0" * 32}}).site.project == "0" * 32
    with pytest.raises(ConfigError, match=r"unknown key 'pangu.api_keys'.*api_key"):
        machine.at("pangu/x", keys={"pangu": {"api_keys": "fake"}})
    only_v1 = {"providers": {"pangu": {"endpoint": "v1"}}}
    with pytest.raises(ConfigError, match=r"the keys given \(api_key\).*takes.*app_code"):
        machine.at("pangu/x", only_v1, keys={"pangu": {"api_key": "fake"}})


def test_a_pool_holds_whole_sets_each_with_its_own_way_and_site(machine: Machine) -> None:
    pool = [
        {"access_key": "FAKEAK", "secret_key": "fake-sk", "project_id": "1" * 32},
        {"app_code": "fake", "project_id": "2" * 32, "weight": 3},
    ]
    settings = machine.settings({"providers": {"pangu": {"keys": pool}}})
    one, two = settings.resolve("pangu/x")[0]
    assert (one.site.project, two.site.project) == ("1" * 32, "2" * 32)
    assert isinstance(one.signer, SdkHmac) and isinstance(two.signer, HeaderKey)
    assert (one.weight, two.weight) == (1.0, 3.0)
    half = {"providers": {"pangu": {"keys": [*pool, {"access_key": "FAKEAK"}]}}}
    with pytest.raises(MissingKeyError, match=r"no secret_key is set beside access_key \(from .*keys\[2\]"):
        machine.at("pangu/x", half)


def test_a_provider_of_the_users_own_may_be_signed_for(machine: Machine) -> None:
    table = {
        "dialect": "openai_chat",
        "base_url": "https://api.acme.example/v1",
        "auth": {"scheme": "tc3", "options": {"service": "acme"}},
        "env": {"secret_id": ["ACME_ID"]},
        "secret_key": "fake-key",
    }
    machine.environ["ACME_ID"] = "AKIDfake"
    at = machine.at("acme/x", {"providers": {"acme": table}})
    assert isinstance(at.signer, TC3)
    assert set(at.secrets) == {"secret_id", "secret_key"}
    table["auth"] = {"scheme": "tc3", "options": {"servce": "acme"}}
    with pytest.raises(ConfigError, match=r"'tc3' has no such option.*servce"):
        machine.at("acme/x", {"providers": {"acme": table}})
    table["auth"] = {"scheme": "tc3", "colour": "red"}
    with pytest.raises(ConfigError, match="colour"):
        machine.at("acme/x", {"providers": {"acme": table}})


def test_where_tokens_are_made_may_be_set(machine: Machine) -> None:
    machine.environ |= {**IAM, "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.example"}
    at = machine.at("pangu/x", {"providers": {"pangu": {"region": "cn-east-3"}}})
    step = at.signer.grant(at.site, at.secrets, None)  # type: ignore[attr-defined]
    first = step.make()
    next(first)
    assert first.send((0.0, 0.0)).wire.origin == "https://iam.example"


@pytest.mark.parametrize(
    "table",
    [
        'iam_endpoint = "https://iam.evil.example"',
        'region = "evil.example/x"',
        'auth = { scheme = "iam_token", options = { url = "https://iam.evil.example" } }',
    ],
)
def test_a_project_that_nobody_trusts_does_not_say_where_secrets_are_sent_for_a_token(
    machine: Machine, table: str
) -> None:
    machine.environ |= IAM
    machine.user('[providers.pangu]\nbase_url = "https://pangu.example"')
    machine.here(f"[providers.pangu]\n{table}\n")
    with pytest.raises(ConfigError, match="trust"):
        machine.at("pangu/x")
    machine.trust()
    assert machine.at("pangu/x").endpoint == "v1"


def test_a_model_may_go_by_another_name_on_the_wire(machine: Machine) -> None:
    at = machine.at("spark/x2-flash", keys={"spark": {"api_password": "fake"}})
    assert (at.endpoint, at.model) == ("http-x2-flash", "spark-x")
    assert at.site.base_url == "https://spark-api-open.xf-yun.com/agent/v1"
    assert machine.at("spark/x1", keys={"spark": {"api_password": "fake"}}).model == "spark-x"
    assert machine.at("spark/spark-x3", keys={"spark": {"api_password": "fake"}}).model == "spark-x3"


def test_an_endpoint_that_is_unknown_to_the_row_has_nothing_to_place(machine: Machine) -> None:
    row = machine.settings({}).row("pangu")
    provider = Provider("openai", (), machine.settings({})._around)
    assert provider.unplaced(row.endpoints[0]) == frozenset()


def test_an_access_key_of_sensenova_is_used_where_no_api_key_is_set(machine: Machine) -> None:
    machine.environ |= {"SENSENOVA_ACCESS_KEY_ID": "FAKEAK", "SENSENOVA_SECRET_ACCESS_KEY": "fake-sk"}
    assert isinstance(machine.at("sensenova/x").signer, SenseNovaJwt)
    machine.environ["SENSENOVA_API_KEY"] = "fake-key"
    assert isinstance(machine.at("sensenova/x").signer, HeaderKey)


def test_an_access_key_of_volcengine_fetches_an_api_key_for_an_endpoint(machine: Machine) -> None:
    machine.environ |= {"VOLC_ACCESSKEY": "AKLTfake", "VOLC_SECRETKEY": "fake-sk"}
    with pytest.raises(ConfigError, match=r"'chat' needs 'endpoint_id'"):
        machine.at("volcengine/ep-9")
    table = {"providers": {"volcengine": {"endpoint_id": "ep-9", "control_url": "https://ark.test"}}}
    signer = machine.at("volcengine/ep-9", table).signer
    assert isinstance(signer, VolcengineKey)
    shared = signer.grant(
        Site(base_url="https://ark.test"), {"access_key": Secret("a"), "secret_key": Secret("b")}, None
    )
    assert shared.key.startswith("volcengine ")
    machine.environ["ARK_API_KEY"] = "fake-key"
    assert isinstance(machine.at("volcengine/ep-9", table).signer, HeaderKey)


def test_zhipus_token_is_made_where_its_endpoint_is_chosen(machine: Machine) -> None:
    machine.environ["ZHIPUAI_API_KEY"] = "0123456789abcdef.fakesecret"
    assert isinstance(machine.at("zhipu/glm-5.2").signer, HeaderKey)
    chosen = {"providers": {"zhipu": {"endpoint": "jwt"}}}
    assert isinstance(machine.at("zhipu/glm-5.2", chosen).signer, ZhipuJwt)

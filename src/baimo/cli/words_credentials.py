"""What commands say of credentials, of a provider's codes and of signatures."""

from __future__ import annotations

CREDENTIALS: dict[str, tuple[str, str]] = {
    "endpoint.other_keys": (
        "not used: the keys that were given are of another endpoint",
        "未使用：给出的密钥属于其他端点",
    ),
    "endpoint.since": ("[served since {date}]", "[{date} 起提供]"),
    "endpoint.until": ("[until {date}]", "[至 {date}]"),
    "secret.set": ("{name} {masked} from {source}", "{name} {masked}，来自 {source}"),
    "secret.and": (", ", "；"),
    "secret.missing": ("no {names} is set for the endpoint {endpoint}", "端点 {endpoint} 缺少 {names}"),
    "secret.beside": (
        "no {names} is set for the endpoint {endpoint}; it is wanted beside {there}",
        "端点 {endpoint} 缺少 {names}（已有 {there}）",
    ),
    "secret.from": ("{name} from {source}", "{name}，来自 {source}"),
    "secret.names_and": (" and no ", "、"),
    "secret.title": ("{name}: {title} in the console.", "{name} 即控制台中的 {title}。"),
    "secret.else": (
        "Or for the endpoint {endpoint}: {secrets}",
        "或用于端点 {endpoint}：{secrets}",
    ),
    "secret.signed": ("signed: {scheme}", "签名方式：{scheme}"),
    "check.code": (
        "Tell what an error code of that provider means, and look at nothing else.",
        "只解释该服务商的一个错误码。",
    ),
    "check.what_token": ("token     ", "令牌  "),
    "check.ended": ("it stopped, or was announced to stop, on {date}", "已于 {date} 停止服务（按官方公告）"),
    "check.socket": (
        "{origin} answers a WebSocket handshake, HTTP {status} after {seconds} s",
        "{origin} 有应答，{seconds} 秒后对 WebSocket 握手返回 HTTP {status}",
    ),
    "check.socket_opened": (
        "{origin} opened a WebSocket after {seconds} s",
        "{origin} 在 {seconds} 秒后建立了 WebSocket",
    ),
    "code.unknown": (
        "{code} is in no table of {provider}'s codes",
        "{provider} 的错误码表中没有 {code}",
    ),
    "code.near": ("Near it: {codes}", "相近的有：{codes}"),
    "code.none": ("there is no table of {provider}'s codes", "没有 {provider} 的错误码表"),
    "code.means": ("{code}: {means}", "{code}：{means}"),
    "code.class": ("kind: {kind}", "类别：{kind}"),
    "code.retry": ("trying again may help", "重试可能有效"),
    "code.no_retry": ("trying again does not help", "重试无用"),
    "code.renews": ("a fresh token is fetched once by itself", "会自动换取一次新令牌"),
    "code.one_provider": ("--code needs the name of one provider.", "--code 需要一个服务商名称。"),
    "show.signing": ("# how it is signed: {scheme}", "# 签名过程：{scheme}"),
    "show.frame": ("# frame {number}", "# 第 {number} 帧"),
    "show.socket": (
        "# curl cannot speak WebSocket. Sign the address anew for each connection, with\n"
        "# baimo.auth.spark_url(…), connect to it, for example with the package websockets, send the frame.",
        "# curl 无法使用 WebSocket。每次连接都要重新签名：baimo.auth.spark_url(…)，\n"
        "# 再用例如 websockets 包连接，并发送上面的帧。",
    ),
    "show.token": (
        "# Before it: a token, fetched once and shared by all calls",
        "# 在此之前：获取令牌，一次获取，各次调用共用",
    ),
    "set_key.which": ("Which credentials will you set?", "要设置哪一组凭据？"),
    "set_key.choice": ("  {number}. {endpoint}: {secrets}", "  {number}. {endpoint}：{secrets}"),
    "set_key.number": ("Number", "编号"),
    "set_key.ask_open": ("{name} of {provider}", "{provider} 的 {name}"),
    "set_key.no_fit": (
        "pipe in one line for each secret. {provider} takes: {sets}",
        "请用管道传入，每行一个。{provider} 可接受：{sets}",
    ),
    "set_key.set_or": (", or ", "；或 "),
}

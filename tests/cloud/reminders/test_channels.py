"""What goes out by each way, what it may not do, and that none is waited for longer than its time."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cloud.errors import InvalidError
from cloud.reminders.channels import Mail, Ways
from cloud.reminders.errors import ChannelError
from cloud.reminders.robots import ROBOTS
from cloud.reminders.targets import check_target, hint, resolve, split_url
from simulators.pki import Authority
from tests.cloud.reminders.receivers import Receiver, listening, robot, said

EVIL = '<at user_id="all">案</at> **x** [y](http://z) @all'


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncHTTPTransport]:
    async with httpx.AsyncHTTPTransport(trust_env=False) as client:
        yield client


async def test_a_webhook_gets_json_and_nothing_of_it_is_changed_and_no_log_has_its_key(
    http: httpx.AsyncHTTPTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    receiver = Receiver()
    async with listening(receiver, receiver.web):
        url = f"http://localhost:{receiver.port}/hook?key=s3cret"
        await Ways(http=http, inner=["localhost"]).send("webhook", url, "题", EVIL, {"type": "test"})
        assert receiver.came.get_nowait() == {"title": "题", "text": EVIL, "type": "test"}
        assert receiver.hosts == [
            f"localhost:{receiver.port}"
        ]  # as it was written, although the address is connected to
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
async def test_over_tls_the_name_that_was_written_counts_and_not_the_address(tmp_path: Path, name: str) -> None:
    now, receiver = datetime.now(UTC), Receiver()
    authority = Authority.open(tmp_path / "pki", now)
    identity, shown = authority.server(now, (name,)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(identity.certificate, identity.key)
    trusted = ssl.create_default_context(cafile=str(authority.certificate_file))
    async with listening(receiver, receiver.web, shown), httpx.AsyncHTTPTransport(verify=trusted) as http:
        told = Ways(http=http, inner=["localhost"]).send("webhook", f"https://localhost:{receiver.port}/", "", "", {})
        if name == "localhost":
            await told
        else:
            with pytest.raises(ChannelError, match="not_reached"):
                await told
    assert receiver.came.qsize() == (name == "localhost")


@pytest.mark.parametrize(("answer", "final"), [
    ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/inner\r\nContent-Length: 0\r\n\r\n", True),
    ("HTTP/1.1 308 Permanent Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", True),
    ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", True),
    ("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", False),
    ("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", False),
])  # fmt: skip
async def test_no_redirect_is_followed_and_only_what_may_pass_is_tried_again(
    http: httpx.AsyncHTTPTransport, answer: str, final: bool
) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.web):
        receiver.answer = answer.format(port=receiver.port)
        with pytest.raises(ChannelError) as found:
            await Ways(http=http, inner=["127.0.0.1"]).send("webhook", f"http://127.0.0.1:{receiver.port}", "", "", {})
        assert found.value.final is final
        assert receiver.came.qsize() == 1


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]",
    "0.0.0.0", "2130706433",  # noqa: S104  # nothing listens here: it is refused
    "224.0.0.1", "100.64.0.1",
])  # fmt: skip
async def test_an_inner_address_is_none_for_a_webhook_in_whatever_spelling(host: str) -> None:
    with pytest.raises(ChannelError):
        await resolve(split_url(f"http://{host}/"), ())


async def test_who_never_answers_is_not_waited_for(http: httpx.AsyncHTTPTransport) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.silence):
        with pytest.raises(ChannelError, match=r"no_answer:0\.2"):
            await Ways(http=http, inner=["127.0.0.1"], within_s=0.2).send(
                "webhook", f"http://127.0.0.1:{receiver.port}", "", "", {}
            )


FEISHU_OK = '{"code":0,"msg":"success","data":{},"Extra":null,"StatusCode":0,"StatusMessage":"success"}'
# As each vendor answers, all with HTTP 200 (their papers are named in cloud/reminders/robots.py): taken, refused for
# good, refused for now.
ANSWERS = [
    ("wecom", '{"errcode":0,"errmsg":"ok"}', None, False),
    ("wecom", '{"errcode":93000,"errmsg":"invalid webhook url, hint: [1712_5]"}', "refused:93000", True),
    ("wecom", '{"errcode":45009,"errmsg":"api freq out of limit"}', "refused:45009", False),
    ("dingtalk", '{"errcode":0,"errmsg":"ok"}', None, False),
    ("dingtalk", '{"errcode":300005,"errmsg":"token is not exist"}', "refused:300005", True),
    ("dingtalk", '{"errcode":310000,"errmsg":"keywords not in content"}', "refused:310000", True),
    ("dingtalk", '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}', "refused:130101", False),
    ("feishu", FEISHU_OK, None, False),
    ("feishu", '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}', "refused:19001", True),
    ("feishu", '{"code":19024,"msg":"Key Words Not Found"}', "refused:19024", True),
    ("feishu", '{"code":11232,"msg":"frequency limited"}', "refused:11232", False),
    *(("wecom", odd, "not_taken", False) for odd in ("", "<html>", "[]", "{}", '{"errcode":"0"}', '{"errcode":false}')),
    ("feishu", "[" * 4000, "not_taken", False),
]


@pytest.mark.parametrize(("kind", "answer", "problem", "final"), ANSWERS)
async def test_what_a_robots_vendor_says_in_its_answer_counts_and_not_its_200(
    http: httpx.AsyncHTTPTransport, kind: str, answer: str, problem: str | None, final: bool
) -> None:
    receiver = Receiver(answer=said(answer))
    async with listening(receiver, receiver.web):
        told = Ways(http=http, inner=["127.0.0.1"], robots=robot(kind, receiver)).send(kind, "key", "题", EVIL, {})
        if problem is None:
            await told
        else:
            with pytest.raises(ChannelError) as found:
                await told
            assert (str(found.value), found.value.final) == (problem, final)
    body = receiver.came.get_nowait()
    assert body.get("msgtype" if kind != "feishu" else "msg_type") == "text"
    text = body["text"]["content"] if kind != "feishu" else body["content"]["text"]
    assert text.startswith("题\n")
    assert "案" in text
    assert not set("<>@*[]`") & set(text)


async def test_a_robots_vendor_leads_nowhere_else_and_has_its_time_for_the_whole_answer(
    http: httpx.AsyncHTTPTransport,
) -> None:
    receiver = Receiver(answer="HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    async with listening(receiver, receiver.web):
        robots = robot("feishu", receiver)
        with pytest.raises(ChannelError, match="inner_address"):  # whatever a name server says of the vendor
            await Ways(http=http, robots=robots).send("feishu", "key", "", "x", {})
        ways = Ways(http=http, inner=["127.0.0.1"], robots=robots)
        with pytest.raises(ChannelError, match="redirects:302"):
            await ways.send("feishu", "key", "", "x", {})
        receiver.answer = said("").replace(" 0", " 9") + '{"co'
        with pytest.raises(ChannelError, match="not_reached"):  # it ended in the middle
            await ways.send("feishu", "key", "", "x", {})
        assert receiver.came.qsize() == 2


@pytest.mark.parametrize("kind", list(ROBOTS))
def test_each_robot_is_at_its_vendor_by_tls_with_the_key_in_its_address(kind: str) -> None:
    vendors = {"wecom": "qyapi.weixin.qq.com", "dingtalk": "oapi.dingtalk.com", "feishu": "open.feishu.cn"}
    url = httpx.URL(ROBOTS[kind].url.format(key="abcd1234efgh"))
    assert (url.scheme, url.host) == ("https", vendors[kind])
    assert "abcd1234efgh" in str(url)


async def test_where_every_letter_hangs_the_next_does_not_queue_up_behind_them(http: httpx.AsyncHTTPTransport) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.silence):
        mail = Mail(host="127.0.0.1", port=receiver.port, sender="sealtrail@example.cn", mode="insecure")
        ways = Ways(http=http, mail=mail, within_s=60)
        hanging = [asyncio.create_task(ways.send("mail", "wang@example.cn", "", "x", {})) for _ in range(16)]
        for _ in hanging:
            await receiver.came.get()
        with pytest.raises(ChannelError, match="no_answer"):
            await asyncio.wait_for(ways.send("mail", "wang@example.cn", "", "x", {}), 2)
        for each in hanging:
            each.cancel()
        await asyncio.wait(hanging)


async def test_a_letter_is_plain_text_and_only_for_whom_it_is(http: httpx.AsyncHTTPTransport) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.mail):
        mail = Mail(host="127.0.0.1", port=receiver.port, sender="sealtrail@example.cn", mode="insecure")
        await Ways(http=http, mail=mail).send("mail", "wang@example.cn", "提醒", EVIL, {})
        letter = receiver.letters.get_nowait()
    assert (letter["to"], letter["subject"]) == ("wang@example.cn", "提醒")
    assert "sealtrail@example.cn" in letter["from"]
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().strip() == EVIL


async def test_without_a_mail_server_there_is_no_mail(http: httpx.AsyncHTTPTransport) -> None:
    with pytest.raises(ChannelError) as found:
        await Ways(http=http).send("mail", "wang@example.cn", "", "", {})
    assert found.value.final


@pytest.mark.parametrize(("kind", "target"), [
    ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"), ("wecom", "a/../b12345678"), ("mail", "wang"),
    ("mail", "a@b.cn?bcc=c@d.cn"), ("mail", "a@b.cn,c@d.cn"), ("webhook", "ftp://a.cn/"), ("webhook", "https://"),
    ("webhook", "https://u:p@a.cn/"), ("webhook", "https://a.cn:99999/"), ("webhook", "javascript:alert(1)"),
])  # fmt: skip
def test_a_target_that_is_none(kind: str, target: str) -> None:
    with pytest.raises(InvalidError):
        check_target(kind, target)


def test_of_a_target_so_much_is_shown_that_nobody_can_use_it() -> None:
    assert hint("wecom", "0123456789abcdef") == "…cdef"
    assert hint("mail", "wang@example.cn") == "w…@example.cn"
    assert hint("webhook", "https://hooks.example.cn:8443/secret?key=1") == "hooks.example.cn/…"

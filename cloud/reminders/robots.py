"""The robots of chat groups: where each vendor takes a text, and how it says that it did not.

All three answer HTTP 200 to a message that nobody will see; what became of it is a number in the body. Sources:
WeCom developer.work.weixin.qq.com/document/path/91770, DingTalk open.dingtalk.com/document/robots/custom-robot-access,
Feishu open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.reminders.errors import ChannelError


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """`url` with the `{key}`, the body for a text, and the field of an answer that is 0 where the message was taken.

    `wrong` are numbers that no further try would change: there is no such key, or the robot's own rules (a word, an
    address, a signature) let nothing of ours through. All others, as those of the vendor's limits, pass.
    """

    url: str
    body: Callable[[str], Mapping[str, Any]]
    field: str
    wrong: Collection[int]

    def check(self, answer: bytes) -> None:
        """Raises ChannelError unless `answer`, the body of an HTTP 200, says that the message was taken."""
        try:
            told = json.loads(answer)
        except (ValueError, RecursionError):
            told = None
        number = told.get(self.field) if isinstance(told, dict) else None
        if type(number) is not int:
            raise ChannelError("not_taken")
        if number != 0:
            raise ChannelError("refused", number, final=number in self.wrong)


ROBOTS: Mapping[str, Robot] = {
    "wecom": Robot(
        url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}",
        body=lambda text: {"msgtype": "text", "text": {"content": text}},
        field="errcode",
        wrong={93000},
    ),
    "dingtalk": Robot(
        url="https://oapi.dingtalk.com/robot/send?access_token={key}",
        body=lambda text: {"msgtype": "text", "text": {"content": text}},
        field="errcode",
        wrong={300001, 300005, 310000},
    ),
    "feishu": Robot(
        url="https://open.feishu.cn/open-apis/bot/v2/hook/{key}",
        body=lambda text: {"msg_type": "text", "content": {"text": text}},
        field="code",
        wrong={19001, 19021, 19022, 19024},
    ),
}

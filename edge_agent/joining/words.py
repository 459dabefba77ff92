"""What can go wrong when a device joins or renews, and what to do next, in Chinese and English."""

from edge_agent.errors import EdgeError

TEXTS: dict[str, tuple[str, str]] = {
    "claim": ("加入码无效：{problem}。请核对后重新输入。", "The claim code cannot be right: {problem}. Type it again."),
    "no_cloud": ("没有云端地址：请加 --cloud https://…", "Nobody said where the cloud is: add --cloud https://..."),
    "not_https": (
        "{url} 未使用加密连接：请使用 https:// 地址。",
        "{url} is not encrypted: give an address that begins with https://",
    ),
    "pin": ("证书指纹应为 64 位十六进制数。", "The pin is the SHA-256 of a certificate: 64 hexadecimal digits."),
    "wrong_pin": (
        "{url} 出示的证书与加入码所附指纹不符：可能有人冒充云端。请勿继续，联系管理员。",
        "{url} shows another certificate than the claim names: somebody may pretend to be the cloud. Do not go on;"
        " ask whoever made the claim.",
    ),
    "unreached": (
        "连不上云端 {url}：{problem}。请检查网线、网络与地址。",
        "The cloud cannot be reached at {url}: {problem}. Check cable, network and address.",
    ),
    "untrusted": (
        "不信任 {url} 的证书：{problem}。请用 --cloud-ca 指定根证书，或用 --pin 指定指纹。",
        "The certificate of {url} is not trusted: {problem}. Name its authority by --cloud-ca, or itself by --pin.",
    ),
    "wrong_claim": (
        "加入码不对或已失效：请管理员重新生成。",
        "The claim code is wrong or used up: ask an administrator for a new one.",
    ),
    "claim_expired": (
        "加入码已过期（有效期只有几分钟）：请管理员重新生成。",
        "The claim code was good for minutes, and they are over: ask an administrator for a new one.",
    ),
    "claim_refused": (
        "控制台拒绝了本设备：请与确认人核对。",
        "Somebody at the console refused this device: speak to whoever confirms.",
    ),
    "claim_taken": (
        "已有另一台设备用过这个加入码：请立即告知管理员，并重新生成。",
        "Another device came with this claim code before: tell an administrator at once, and ask for a new one.",
    ),
    "agent_revoked": (
        "该名称的终端已被停用：请用新的名称申请加入码。",
        "The agent of this name was shut out: ask for a claim under another name.",
    ),
    "throttled": ("尝试次数过多：请在 {problem} 秒后再试。", "Too many tries: wait {problem} seconds."),
    "refused": ("云端未接受：{problem}", "The cloud did not take it: {problem}"),
    "exists": (
        "{path} 中已有身份：如确要重新加入，请加 --again。",
        "{path} holds an identity already: to join anew with it, add --again.",
    ),
    "file": ("{path} 无法写入或读取：{problem}", "{path} cannot be written or read: {problem}"),
    "unanswered": (
        "尚未有人确认：加入码仍有效时请重新运行本命令，密钥不变。",
        "Nobody confirmed yet: while the code is good, run this again; the keys stay the same.",
    ),
    "no_tpm": (
        "没有可用的 TPM：{problem}。请改用 --keys file，或装好 TPM 后再试。",
        "There is no TPM to use: {problem}. Use --keys file, or try again with one.",
    ),
}


class JoiningError(EdgeError):
    """What is in the way of joining or renewing; `code` as in TEXTS."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code if code in TEXTS else "refused"
        self.zh, self.en = (text.format(**({"problem": code} | values)) for text in TEXTS[self.code])
        super().__init__(self.en)

    @property
    def diagnosis(self) -> str:  # type: ignore[override]  # said anew for each, in both languages
        """Both languages, a line each."""
        return f"{self.zh}\n{self.en}"

"""Everything the doctor can find: how bad it is, how it is told in both languages, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: nothing to do, to be looked after, the station does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Text:
    """A finding's level, what is said and what is to be done, each by language."""

    level: Level
    said: Mapping[str, str]
    todo: Mapping[str, str]


def _text(level: Level, en: str, zh: str, todo_en: str = "", todo_zh: str = "") -> Text:
    return Text(level, {"en": en, "zh": zh}, {"en": todo_en, "zh": todo_zh})


OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL

TEXTS: Mapping[str, Text] = {
    # ------------------------------------------------------------ settings
    "settings.ok": _text(OK, "settings of {about}: {devices} devices", "{about} 的设置：{devices} 个设备"),
    "settings.fault": _text(
        FAIL, "{fault}", "{fault}", "Correct it, then run this again.", "更正后再次运行。",
    ),
    "settings.runs": _text(
        OK, "the agent is running: cameras and pins are left to it",
        "代理正在运行：摄像头和引脚由其使用，此处不检查",
        "To look at them: sudo systemctl stop sealtrail-edge", "如需检查：sudo systemctl stop sealtrail-edge",
    ),
    # ------------------------------------------------------------ releases
    "release.runs": _text(OK, "version {version} of the program runs", "运行程序版本 {version}"),
    "release.by_hand": _text(
        OK, "version {version} of the program; it takes no updates from the cloud",
        "程序版本 {version}；不接受云端更新",
        "To let it: run the installer with --release-key (not with a read-only root).",
        "如需接受：运行安装程序并加 --release-key（只读根分区除外）。",
    ),
    "release.wanted": _text(
        OK, "version {version} is wanted: it is being fetched, or waits until nothing is open",
        "云端要求更新到 {version}：正在下载，或等待门和任务结束",
    ),
    "release.trial": _text(
        OK, "version {version} is on trial: it is kept once the agent is healthy", "版本 {version} 试运行中：代理健康后方正式启用",
    ),
    "release.undone": _text(
        WARN, "version {version} was undone: {problem}", "版本 {version} 已回退：{problem}",
        "Tell whoever publishes it; another version, or this one again, can be rolled out from the console.",
        "请告知发布者；可在控制台重新下达此版本或其他版本。",
    ),
    "release.unread": _text(
        FAIL, "what is known of updates cannot be read: {problem}", "无法读取更新记录：{problem}",
        "Run the installer again.", "请再次运行安装程序。",
    ),
    # ---------------------------------------------------------------- pins
    "pins.ok": _text(OK, "{count} pins, each used once", "{count} 个引脚，无重复使用"),
    "pins.twice": _text(
        FAIL, "pin {pin} is wanted by {about} and by {other}", "引脚 {pin} 同时分配给 {about} 和 {other}",
        "Give one of them another pin in the site file, and move its wire.", "请在站点文件中为其一改用别的引脚，并移动接线。",
    ),
    "pins.not_there": _text(
        FAIL, "{about}: there is no pin {pin}; the header has BCM 0 to 27", "{about}：没有引脚 {pin}；排针为 BCM 0 至 27",
        "Use the BCM number, not the place on the header.", "请使用 BCM 编号，而不是排针位置。",
    ),
    "pins.reserved": _text(
        WARN, "{about}: pin {pin} belongs to {by}", "{about}：引脚 {pin} 属于 {by}",
        "Use another pin, or switch {by} off with raspi-config.", "请改用别的引脚，或用 raspi-config 关闭 {by}。",
    ),
    "pins.held": _text(
        FAIL, "{about}: pin {pin} is held by {by}", "{about}：引脚 {pin} 被 {by} 占用",
        "Stop that program, or switch that function off with raspi-config.", "请停止该程序，或用 raspi-config 关闭该功能。",
    ),
    "pins.none": _text(
        FAIL, "this machine has no pins, and {count} are wanted", "本机没有引脚，而设置需要 {count} 个",
        "Is this the Pi? Is /dev/gpiochip0 there?", "这是树莓派吗？是否有 /dev/gpiochip0？",
    ),
    "pins.forbidden": _text(
        FAIL, "{about} may not be used by this account", "当前账户无权使用 {about}",
        "Run this with sudo, or: sudo usermod -aG gpio sealtrail", "请用 sudo 运行，或执行：sudo usermod -aG gpio sealtrail",
    ),
    # ------------------------------------------------------------- cameras
    "camera.sees": _text(OK, "{about}: {width} × {height} pixels", "{about}：{width} × {height} 像素"),
    "camera.closed": _text(
        FAIL, "{about} shows nothing: {problem}", "{about} 没有画面：{problem}",
        "Check its cable at both ends, its power and its address; is another program using it?",
        "请检查两端线缆、电源和地址；是否有其他程序正在使用它？",
    ),
    "camera.dark": _text(
        WARN, "{about} is too dark (brightness {brightness} of 255)", "{about} 太暗（亮度 {brightness}/255）",
        "Switch a light on, or take the lens cap off.", "请开灯，或取下镜头盖。",
    ),
    "camera.bright": _text(
        WARN, "{about} is too bright (brightness {brightness} of 255)", "{about} 过亮（亮度 {brightness}/255）",
        "Turn it away from the window or the lamp.", "请避开窗户或灯光直射。",
    ),
    "camera.flat": _text(
        WARN, "{about} shows one even surface (contrast {contrast} of 255)", "{about} 画面均匀无内容（对比度 {contrast}/255）",
        "Is something in front of the lens?", "镜头前是否有遮挡？",
    ),
    "camera.lit": _text(OK, "{about}: brightness {brightness}, contrast {contrast}", "{about}：亮度 {brightness}，对比度 {contrast}"),
    "camera.sharp": _text(OK, "{about}: focus {focus} of 100", "{about}：清晰度 {focus}/100"),
    "camera.soft": _text(
        WARN, "{about} is out of focus ({focus} of 100)", "{about} 未对好焦（清晰度 {focus}/100）",
        "Turn the lens while this runs: sealtrail edge doctor --camera {name} --watch",
        "运行此命令并旋转镜头：sealtrail edge doctor --camera {name} --watch",
    ),
    "camera.no_label": _text(
        WARN, "{about}: no label is in the picture", "{about}：画面中没有标签",
        "Hold a genuine label where people will hold theirs, and run this again.", "请在实际使用位置出示一张真实标签，再次运行。",
    ),
    "camera.label": _text(
        OK, "{about} reads {label}: {module_px} pixels a module, about {distance_m} m away",
        "{about} 读到 {label}：每模块 {module_px} 像素，距离约 {distance_m} 米",
    ),
    "camera.small": _text(
        WARN, "{about} reads {label}, barely: {module_px} pixels a module, about {distance_m} m away",
        "{about} 勉强读到 {label}：每模块 {module_px} 像素，距离约 {distance_m} 米",
        "Bring the camera nearer, use a longer lens, or print labels larger.", "请移近摄像头、换长焦镜头，或打印更大的标签。",
    ),
    "camera.foreign": _text(
        WARN, "{about} reads a code that is no genuine label of this system", "{about} 读到的码不是本系统的真实标签",
        "Is it the right label? Are SEALTRAIL_EDGE_LABEL_KEYS the cloud's?", "标签是否正确？SEALTRAIL_EDGE_LABEL_KEYS 是否与云端一致？",
    ),
    # ------------------------------------------------------------- devices
    "device.ok": _text(OK, "{about} answers", "{about} 应答"),
    "device.lost": _text(
        FAIL, "{about} does not answer: {problem}", "{about} 无应答：{problem}",
        "Check its cable, its power and its address.", "请检查其线缆、电源和地址。",
    ),
    # ------------------------------------------------------------- network
    "network.broker": _text(OK, "broker {about} answers and takes our certificate", "消息代理 {about} 应答，并接受本机证书"),
    "network.name": _text(
        FAIL, "nobody knows the name {about}", "无法解析主机名 {about}",
        "Check the cable and the network's name server (DNS).", "请检查网线和网络的域名服务器（DNS）。",
    ),
    "network.closed": _text(
        FAIL, "{about} cannot be reached: {problem}", "无法连接 {about}：{problem}",
        "Check the cable, the address and the firewall. The agent goes on recording.",
        "请检查网线、地址和防火墙。代理会继续记录。",
    ),
    "network.untrusted": _text(
        FAIL, "{about} shows a certificate that our authority does not vouch for: {problem}",
        "{about} 出示的证书未经本系统的证书机构认可：{problem}",
        "Do not go on: ask who runs it. Is ca.pem the right one, and the clock?", "请勿继续，先询问管理人员。ca.pem 和时钟是否正确？",
    ),
    "network.refused": _text(
        FAIL, "{about} does not take us: {problem}", "{about} 拒绝本机：{problem}",
        "Ask for a new certificate; was this agent revoked?", "请申请新证书；本代理是否已被吊销？",
    ),
    "network.cloud": _text(OK, "{about} answers", "{about} 应答"),
    "cert.ok": _text(OK, "{about} is good for {days} more days", "{about} 还有 {days} 天有效"),
    "cert.soon": _text(
        WARN, "{about} ends in {days} days", "{about} 将在 {days} 天后到期",
        "Ask for a new certificate now.", "请立即申请新证书。",
    ),
    "cert.expired": _text(
        FAIL, "{about} ended on {date}", "{about} 已于 {date} 到期",
        "Ask for a new certificate, unless the clock is wrong.", "请申请新证书，除非时钟有误。",
    ),
    "cert.not_yet": _text(
        FAIL, "{about} begins only on {date}", "{about} 自 {date} 起方有效", "Is the clock right?", "时钟是否正确？",
    ),
    "cert.unreadable": _text(
        FAIL, "{about} cannot be used: {problem}", "无法使用 {about}：{problem}",
        "Copy the right file there; it is given out when the agent is enrolled.", "请复制正确的文件；登记代理时发放。",
    ),
    "cert.name": _text(
        FAIL, "{about} is of {name}, and this agent is {agent}", "{about} 属于 {name}，而本代理是 {agent}",
        "Copy this agent's own certificate there.", "请换成本代理自己的证书。",
    ),
    "cert.pair": _text(
        FAIL, "{about} does not fit its key", "{about} 与其密钥不匹配",
        "Certificate and key come in a pair: copy both again.", "证书与密钥成对：请重新复制两者。",
    ),
    "keys.ok": _text(OK, "{count} key files, for their owner alone", "{count} 个密钥文件，仅属主可读"),
    "keys.open": _text(
        FAIL, "{about} can be read by others (mode {mode})", "{about} 可被他人读取（权限 {mode}）", "chmod 600 {about}", "chmod 600 {about}",
    ),
    # --------------------------------------------------------------- clock
    "clock.ok": _text(OK, "a time server keeps the clock, right to {error_ms} ms", "时钟由时间服务器校准，误差不超过 {error_ms} 毫秒"),
    "clock.wide": _text(
        WARN, "the clock may be wrong by {error_ms} ms", "时钟误差可达 {error_ms} 毫秒",
        "chronyc sources: is a time server near?", "执行 chronyc sources：附近有时间服务器吗？",
    ),
    "clock.none": _text(
        WARN, "no time server keeps the clock: gates open only after the cloud has answered",
        "没有时间服务器校准时钟：须待云端应答后门禁才会开启",
        "chronyc sources; give this site's own with install.sh --ntp HOST", "执行 chronyc sources；用 install.sh --ntp HOST 指定本单位时间服务器",
    ),
    "clock.rtc": _text(OK, "the battery clock agrees to {by_s} s", "电池时钟相差不超过 {by_s} 秒"),
    "clock.rtc_off": _text(
        WARN, "the battery clock is {by_s} s off", "电池时钟相差 {by_s} 秒",
        "sudo hwclock --systohc once the clock is right; if it comes back, change the battery.",
        "时钟正确后执行 sudo hwclock --systohc；若再次出现，请更换电池。",
    ),
    "clock.no_rtc": _text(
        WARN, "there is no battery clock: after a power cut without a network the time is wrong",
        "没有电池时钟：断电且无网络时时间将出错",
        "Put one in (Pi 5: its battery; others: DS3231).", "请加装（Pi 5 装电池；其他型号装 DS3231）。",
    ),
    # ---------------------------------------------------------------- disk
    "disk.ok": _text(OK, "{free_gb} GB free, for {days} days at this rate", "剩余 {free_gb} GB，按当前速度可用 {days} 天"),
    "disk.soon": _text(
        WARN, "{free_gb} GB free: full in {days} days at this rate", "剩余 {free_gb} GB：按当前速度 {days} 天后写满",
        "Is the cloud reached? Receipted facts are tidied away; else use a larger card.", "是否连得上云端？已收回执的记录会被清理；否则请换更大的存储卡。",
    ),
    "disk.low": _text(
        FAIL, "only {free_gb} GB are free", "仅剩 {free_gb} GB",
        "Delete what is not the agent's, or use a larger card. Never delete the journal.", "请删除与代理无关的文件或更换更大的存储卡。切勿删除日志。",
    ),
    "disk.reserve": _text(
        WARN, "the room kept for evidence is in use: {left_mb} of {of_mb} MB left", "为证据预留的空间已被动用：剩余 {left_mb} MB，共 {of_mb} MB",
        "Make room now, or the gates will be locked. Never delete the journal.", "请立即腾出空间，否则门禁将锁闭。切勿删除日志。",
    ),
    "disk.read_only": _text(
        FAIL, "{about} cannot be written", "无法写入 {about}",
        "The card may be dying: dmesg | tail. Keep it, it holds records.", "存储卡可能损坏：dmesg | tail。请保留此卡，其中有记录。",
    ),
    "disk.new": _text(
        WARN, "{about} holds no journal: the agent never ran here", "{about} 中没有日志：代理从未在此运行",
        "sudo systemctl start sealtrail-edge", "sudo systemctl start sealtrail-edge",
    ),
    "journal.ok": _text(OK, "{checked} newest of {last} facts fit their chain, {waiting} wait for the cloud", "最新 {checked} 条（共 {last} 条）记录链完整，{waiting} 条等待上传"),
    "journal.damaged": _text(
        WARN, "a part of the journal could not be read: it is made anew at the next start", "日志有一部分无法读取：下次启动时将重建",
        "The card may be dying: prepare a new one, and keep this one, it holds records.", "存储卡可能损坏：请准备新卡，并保留此卡，其中有记录。",
    ),
    "journal.broken": _text(
        FAIL, "the journal does not hold: {problem}", "日志有误：{problem}",
        "Touch nothing, keep the card, call for support.", "请勿改动，保留存储卡，联系支持人员。",
    ),
    # --------------------------------------------------------------- board
    "board.memory": _text(OK, "{free_mb} MB of memory free", "可用内存 {free_mb} MB"),
    "board.little_memory": _text(
        WARN, "only {free_mb} MB of memory are free", "可用内存仅 {free_mb} MB",
        "What else runs here? top", "还有什么程序在运行？top",
    ),
    "board.cool": _text(OK, "{celsius} °C", "{celsius} °C"),
    "board.hot": _text(
        WARN, "{celsius} °C: it slows down when hot", "{celsius} °C：过热会降速",
        "Give it air, a heat sink or a fan.", "请改善通风，或加装散热片、风扇。",
    ),
    "board.power": _text(OK, "the supply holds its voltage", "供电电压正常"),
    "board.no_power": _text(
        FAIL, "the supply's voltage is too low now", "当前供电电压过低",
        "Use the Pi's own supply and a short, thick cable.", "请使用树莓派原装电源和短而粗的线缆。",
    ),
    "board.had_no_power": _text(
        WARN, "the supply's voltage was too low since the start", "启动以来供电电压曾过低",
        "Use the Pi's own supply and a short, thick cable.", "请使用树莓派原装电源和短而粗的线缆。",
    ),
    "board.slowed": _text(
        WARN, "it was slowed down since the start, by heat or by voltage", "启动以来曾因过热或电压不足而降速",
        "Look at its supply and its cooling.", "请检查供电和散热。",
    ),
    "board.unknown": _text(
        WARN, "vcgencmd is not here or says nothing: voltage unknown", "没有 vcgencmd 或其无应答：电压未知",
        "On a Pi: is the account in group video?", "若为树莓派：账户是否在 video 组？",
    ),
}  # fmt: skip

"""What the demo says while it goes on, in Simplified Chinese and English; rules and reasons come from the rule pack."""

import os
from collections.abc import Mapping
from enum import StrEnum


class Language(StrEnum):
    """Of what is printed."""

    ZH = "zh"
    EN = "en"


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """Chinese where the environment's locale is Chinese, else English."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return Language.ZH if locale.lower().startswith("zh") else Language.EN


PHRASES: Mapping[str, Mapping[Language, str]] = {
    key: {Language.ZH: zh, Language.EN: en}
    for key, (zh, en) in {
        "services": (
            "PostgreSQL 与 Mosquitto（TLS、客户端证书、ACL）已启动",
            "PostgreSQL and Mosquitto (TLS, client certificates, ACL) run",
        ),
        "cloud": (
            "云端已就绪：上行、下行、作业、网页各为独立进程",
            "The cloud is ready: uplink, downlink, jobs and web, each a process of its own",
        ),
        "edge": (
            "边缘代理 {agent} 已就绪：{gates} 个模拟门口，一个有 {slots} 个货位的货架，一扇库房门，摄像头有画面",
            "Edge agent {agent} is ready: {gates} simulated gates, a rack of {slots} slots behind a door, their "
            "cameras run",
        ),
        "people": (
            "同事已登录：稽查员、保管员、办案人、记账员、审批人、领导、监督员、值班员、审计",
            "Colleagues are signed in: inspector, keepers, case handler, bookkeeper, approver, leader, supervisor, "
            "operator, auditor",
        ),
        "case": (
            "稽查员立案 {number}，登记物品 {items} 件",
            "The inspector opened case {number} and registered {items} items",
        ),
        "sealed": (
            "两人共同封箱 {packages} 个，已拍照称重，已贴二维码封签标签",
            "Two people sealed {packages} packages, photographed and weighed, and stuck their QR labels on",
        ),
        "handover": (
            "稽查员与保管员双方签字，交接封箱 {packages} 个",
            "Inspector and keeper both signed: {packages} packages were handed over",
        ),
        "placed": ("保管员将入库的 {packages} 个封箱上架", "The keeper placed the {packages} packages that came in"),
        "passes": ("两位保管员领到通行证标签", "Two keepers got their passes"),
        "door_refused": (
            "保管员无任务、无许可，库房门不开",
            "A keeper without a task or permit shows a pass: the door to the store stays shut",
        ),
        "door_permit": (
            "凭许可开库房门，门上方摄像头清点进入 {heads} 人",
            "The door to the store opens under a permit; the camera above it counts {heads} going in",
        ),
        "door_left_open": (
            "按出门按钮离开后门未关，{seconds:.0f} 秒：告警，关门后解除",
            "Out by the button inside, and the door is left open for {seconds:.0f} s: an alarm until it is shut",
        ),
        "tailgated": (
            "凭任务开库房门，一人出示通行证，进入 {heads} 人：尾随告警",
            "The door opens under a task: one pass was shown, and {heads} go in: an alarm",
        ),
        "door_forced": ("夜间库房门被撬开：告警", "At night the door to the store is forced: an alarm"),
        "too_few": ("搬运入库，但无人出示通行证", "A package is carried in, and nobody shows a pass"),
        "pass_shown": ("保管员出示通行证，封箱入库", "The keeper shows a pass: the package goes in"),
        "two_at_once": (
            "一帧中两个封箱一起入库（光线不足）",
            "Two packages go in together, in one picture (bad light)",
        ),
        "unknown": ("出示的是商店二维码", "Somebody shows a shop's QR code"),
        "forged": ("出示伪造标签", "Somebody shows a forged label"),
        "other_site": ("出示另一仓库的真标签", "Somebody shows a genuine label of another warehouse"),
        "no_permit": ("未经许可搬运封箱入库", "A package is carried in without a permit"),
        "copied": ("同一标签出现两份：一份是复印件", "One label in two places: one of them is a photocopy"),
        "wrong_direction": ("持入库许可向外搬运", "A package with a permit to go in is carried out"),
        "wrong_gate": ("持 B 门许可走 A 门", "A package with a permit for gate B comes to gate A"),
        "not_yet": ("许可明天才生效", "The permit is valid from tomorrow on"),
        "expired": ("许可刚刚过期（画面模糊）", "The permit has just run out (a blurred picture)"),
        "api_refusal": ("未经审批申请出库许可", "The keeper asks for a permit to take out what was not approved"),
        "hold": (
            "审批人对一个已获出库许可的封箱下达冻结",
            "The approver places a legal hold on a package that was about to leave",
        ),
        "legal_hold": ("仍试图搬出被冻结的封箱", "Somebody tries to carry it out all the same"),
        "out": (
            "两人在场，获准借出的封箱出库",
            "Two people present: the package that may go to court goes out",
        ),
        "spent": ("同一许可再用一次", "The same permit is tried a second time"),
        "lent": (
            "办案人申请借出至法庭；超过限额，审批人与领导均以通行密钥签批；应于 {due} 前归还",
            "Asked for by the case handler for the court; above the limit, so approver and leader both sign with a "
            "passkey; due back on {due}",
        ),
        "return": ("封箱归还入库", "The package comes back"),
        "shelved": ("两人查验封签完好后上架", "Two people find its seal intact and shelve it"),
        "imported": (
            "现场应用的 GBK 文件发送两次：物品 {items} 件各登记一次",
            "The field app's file (GBK) is sent twice: {items} items are registered once each",
        ),
        "limbo": (
            "移交人已签字：{packages} 个封箱待保管员签字，人人可见",
            "One side has signed: everybody sees that {packages} packages wait for the keeper's signature",
        ),
        "arrive": ("保管员搬运登记物品入库", "The keeper carries packages of the field case in"),
        "racked": (
            "断网时在货架上架：出示通行证、封箱与货位标签，{slot} 亮绿灯，传感器确认放入，联网后记录生效",
            "Without the network at the rack: pass, package and slot are shown, {slot} turns green, its sensor sees "
            "the package, and the records follow",
        ),
        "misplaced": (
            "先误放到 {slot}：货架立即闪红灯，并以黄灯指出应放的 {right}；取出后放入正确货位即解除",
            "Put into {slot} first: the rack blinks red at once, and amber at {right} where it belongs",
        ),
        "listed": (
            "亮灯清单已完成：{slot} 由传感器确认",
            "The list is done: {slot} is confirmed by its sensor",
        ),
        "phantom": (
            "仅在记录中上架到 {slot}，实物并未放入",
            "Placed in {slot} by the records only: the goods stay where they are",
        ),
        "drift": ("复称比封箱时重 {grams} 克：告警", "Weighed again, {grams} g heavier than when sealed: an alarm"),
        "resealed": (
            "两人在场开封查验，全程在场，换新封签重新封箱",
            "Opened by two who stay until the end, looked into, and sealed anew",
        ),
        "divided": (
            "开封，一件物品拆分为 {parts} 份，分装入新箱，旧箱清空，新箱上架",
            "Opened: one item is split in {parts} and repacked; the old package is emptied, the new one placed",
        ),
        "missing": (
            "保管员报告下落不明，领导以通行密钥签认：告警",
            "The keeper declares a package missing, the leader signs with a passkey: an alarm",
        ),
        "found": ("找回，两人查验后重新上架", "It is found; two people check it and shelve it again"),
        "corrected": (
            "更正登记品牌：引用原记录第 {entry} 条，经审批人签批，原记录不变",
            "A brand is corrected: the new entry cites entry {entry}, approved with a passkey; the old one stays",
        ),
        "hold_refuses": ("对被冻结的封箱申请处置", "Disposal of a package under legal hold is asked for"),
        "disposal_approved": (
            "{packages} 个封箱的处置经办案人申请，审批人与领导以通行密钥签批",
            "Disposal of {packages} packages: asked for by the case handler, approver and leader sign with passkeys",
        ),
        "disposal_out": ("获准处置的封箱出库", "Packages to be disposed of go out"),
        "destroy_alone": (
            "{people} 名同事以各自的凭证逐一尝试单独销毁",
            "Each of {people} colleagues tries to destroy it alone, with their own credentials",
        ),
        "return_to_owner": ("一箱发还当事人，当事人签收", "One is returned to its owner, who signs for it"),
        "auction": ("一箱变卖，记录买受人与价款", "One is auctioned: buyer and price are recorded"),
        "transfer": ("一箱移交公安机关", "One is transferred to the police"),
        "destroy": (
            "一箱销毁：保管员、记账员、监督员全程在场，见证人见证，清点称重",
            "One is destroyed: keeper, bookkeeper and supervisor stay to the end, with witnesses; counted and weighed",
        ),
        "rules": (
            "新规则 {version}：领导提出，领导与监督员以通行密钥签署，稍后生效",
            "New rules {version}: brought up by the leader, adopted by leader and supervisor with passkeys",
        ),
        "corroborated": ("货架上架已由传感器印证", "What was put into the rack is corroborated by its sensor"),
        "without_goods": ("记录动了而实物未动：告警", "The record moved without the goods: an alarm"),
        "drawn": (
            "随机盘库：由账本检查点（{size} 条）抽取 {things} 个封箱",
            "A stock-take at random: {things} packages are drawn by the log's checkpoint of {size} entries",
        ),
        "counted": (
            "保管员与记账员各自盲盘，差异 {differences} 处已答复，盘库结束",
            "Keeper and bookkeeper count blind; {differences} difference is answered, and the stock-take closed",
        ),
        "glass": ("消防按钮按下：{gate} 立即打开", "Fire: the glass is broken, and {gate} opens at once"),
        "recounted": (
            "门已关闭，现场照片 {pictures} 张；该区自动重新盘点，物品齐全",
            "The gate is closed, {pictures} pictures were kept; the zone is counted anew, and nothing is missing",
        ),
        "reviewed": ("监督员与保管员复核紧急开启", "Supervisor and keeper review the opening"),
        "drill": (
            "演练：告警开出协查单 {ticket}，核查、回复、不满意、督办、整改、再核查、满意，共 {entries} 条记录",
            "Drill: an alarm became ticket {ticket}: checked, answered, not satisfied, urged, put right, satisfied; "
            "{entries} entries",
        ),
        "pinned": (
            "新规则已生效：新案件适用新规则，原案件仍按原规则",
            "The new rules are in force: a new case is under them, the old case under the old ones",
        ),
        "repinned": (
            "办案人与领导两人决定：原案件改用新规则",
            "Two people decide, case handler and leader: the old case goes on under the new rules",
        ),
        "presence": (
            "走廊里有人而无任务：告警，录像从此前开始",
            "Somebody is in the corridor without a task: an alarm, with film that begins before it",
        ),
        "without_record": (
            "放入 {slot} 而没有记录：告警",
            "Something was put into {slot} without a record: an alarm",
        ),
        "cut": ("拔掉网线：仓库与云端断开", "The cable is pulled: warehouse and cloud are apart"),
        "offline_in": ("断网，凭事先下发的许可入库", "Offline: a package goes in on a permit granted before"),
        "offline_spent": ("断网，已用过的许可不能再用", "Offline: a permit that was used is not good a second time"),
        "power": ("断网中断电：边缘代理被强行终止后重启", "And the power fails: the agent is killed and starts again"),
        "clock": (
            "断网且时钟无人担保，持许可也不放行",
            "Offline, and nobody vouches for the clock: even a permit does not open the gate",
        ),
        "mend": (
            "网线插回：断网期间的 {facts} 次判定依次到达，无一遗漏、无一重复",
            "The cable is plugged in: {facts} decisions of that time arrived in their order, none lost, none doubled",
        ),
        "clock_good": ("时钟重新可信，同一许可放行", "The clock is vouched for again: the same permit opens the gate"),
        "ledger": (
            "账本校验：根哈希与每条链均可由条目重新推导",
            "The ledger was checked: root and chains follow from its entries",
        ),
        "bundle": (
            "归还封箱的证据包已在无网络、无数据库的进程中核验成立：{path}",
            "The bundle of the package that came back holds for a process without network or database: {path}",
        ),
        "allowed": ("放行", "allowed"),
        "refused": ("拒绝", "refused"),
        "on_screen": ("{ms:.0f} 毫秒后上屏", "on the screen after {ms:.0f} ms"),
        "decided_in": ("判定 {ms:.0f} 毫秒", "decided in {ms:.0f} ms"),
        "offline": ("断网中", "offline"),
        "opening": ("Sealtrail 演示：一个仓库的一天", "Sealtrail demo: a day in a warehouse"),
        "summary": (
            "放行 {allowed}，拒绝 {refused}；事实 {recorded} 条，账本 {in_ledger} 条，遗漏 {lost}，重复 {duplicated}",
            "{allowed} passages allowed, {refused} refused; {recorded} facts recorded, {in_ledger} in the ledger, "
            "{lost} lost, {duplicated} doubled",
        ),
        "figures": (
            "判定 p50 {d50} / p99 {d99} 毫秒；上屏 p50 {s50} / p99 {s99} 毫秒",
            "decision p50 {d50} / p99 {d99} ms; on the screen p50 {s50} / p99 {s99} ms",
        ),
        "address": ("控制台：{url}", "Console: {url}"),
        "username": ("用户名", "User name"),
        "password": ("密码", "Password"),
        "roles": ("角色", "Roles"),
        "stays": (
            "保持运行，按 Ctrl-C 结束；数据与日志在 {folder}",
            "Stays up until Ctrl-C; data and logs are in {folder}",
        ),
        "stopping": ("正在停止各进程……", "Stopping every process…"),
    }.items()
}


def phrase(key: str, language: Language, **values: object) -> str:
    """The phrase `key` in `language` with `values` put in."""
    return PHRASES[key][language].format(**values)

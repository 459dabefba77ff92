"""What can be wrong with a site's records: each fault has a name for programs and a sentence for people."""

from cloud.errors import CloudError

WORDS: dict[str, tuple[str, str]] = {
    "entry_missing": ("An entry of the ledger is gone.", "账本缺少一条记录。"),
    "entry_unreadable": (
        "An entry of the ledger is not one of ours.",
        "账本中有一条无法读取的记录。",
    ),
    "entry_differs": (
        "An entry of the ledger is not the one that was recorded.",
        "账本中的一条记录被改动过。",
    ),
    "fact_missing": ("An entry's fact is gone.", "一条记录所对应的现场事实缺失。"),
    "fact_differs": ("A fact is not the one its entry speaks of.", "现场事实与账本记录不符。"),
    "record_missing": ("An entry's content is gone.", "一条记录的内容缺失。"),
    "record_differs": (
        "A record's content is not the one its entry speaks of.",
        "记录内容与账本不符。",
    ),
    "commitment_differs": (
        "A content was edited after it was committed to.", "内容在登记之后被修改:与承诺值不符。"
    ),
    "chain_broken": ("An agent's chain of facts is broken.", "现场终端的事实链断裂。"),
    "erased_without_entry": (
        "A content was erased and no entry says so.",
        "内容被抹去,但账本中没有相应的抹除记录。",
    ),
    "erased_by_one": ("A content was erased by one person alone.", "内容仅由一人抹去,未经两人签署。"),
    "cleared_by_one": ("An alarm that takes two was cleared by one person.", "须两人解除的报警仅由一人解除。"),
    "joined_by_one": ("An agent was let in by one person alone.", "终端仅由一人准入,未经第二人确认。"),
    "approved_by_one": ("An update of the program was approved by one person alone.", "程序更新仅由一人批准。"),
    "not_approved": (
        "An update of the program was ordered that nobody had approved.", "未经批准的程序更新被下达。"
    ),
    "certificate_not_genuine": (
        "A certificate was not given in the way that certificates are given.", "证书并非按规定途径签发。"
    ),
    "not_erased": ("A content that an entry says was erased is there.", "账本称已抹除的内容仍然存在。"),
    "size_differs": (
        "The ledger is longer or shorter than its head says.",
        "账本条数与账本头不一致:可能有记录被删去。",
    ),
    "root_differs": (
        "The entries do not lead to the tree in the ledger's head.",
        "账本记录与账本头的哈希树不一致。",
    ),
    "stream_differs": (
        "An agent's chain ends elsewhere than its stream says.",
        "现场终端事实链的末端与登记不符。",
    ),
    "without_entry": (
        "There are facts or records without an entry.",
        "存在没有账本记录的事实或内容。",
    ),
    "no_checkpoint": ("The log was never signed.", "账本从未签署过检查点。"),
    "no_log_key": ("The key of this log is not here.", "缺少核对该账本签名的公钥。"),
    "checkpoint_not_genuine": (
        "A checkpoint is not signed by this site's log.",
        "检查点不是由本库账本签署的。",
    ),
    "checkpoint_differs": (
        "The entries are not those that were signed.",
        "账本记录与已签署的检查点不符:历史被改写。",
    ),
    "log_cut_off": (
        "The log is shorter than a checkpoint of it that was seen outside.",
        "账本比外部留存的检查点短:账本被截断或回退。"
    ),
    "log_forked": (
        "The log is another one than was seen outside.",
        "账本与外部留存的检查点不一致:账本被分叉或改写。",
    ),
    "stamp_not_genuine": (
        "A time stamp is not of its checkpoint, or not by the authority.",
        "时间戳不属于该检查点,或不是由所信任的机构签发的。",
    ),
    "tile_differs": ("A hash tile is not that of the entries.", "哈希瓦片与账本记录不符。"),
    "key_unreadable": ("The history of keys makes no sense.", "密钥历史自相矛盾。"),
    "statement_missing": (
        "A fact is in no statement that its agent signed.",
        "有事实不在现场终端签名的声明之内。",
    ),
    "statement_not_genuine": (
        "A statement is not signed by its agent's key valid then.", "声明不是由现场终端当时有效的密钥签署的。"
    ),
    "statement_differs": (
        "A statement speaks of another chain of facts.",
        "声明所签的事实链与账本不符。",
    ),
    "cosignature_not_genuine": (
        "A cosignature is not by the witness it names.",
        "见证签名不是所称见证人签署的。",
    ),
    "cosignature_without_checkpoint": (
        "Witnesses cosigned a checkpoint that is gone.",
        "见证人签署过的检查点已缺失。",
    ),
    "receipt_not_genuine": (
        "The newest receipt is not the cloud's, or not of this chain.",
        "最新回执不真实或与事实链不符。",
    ),
    "step_not_allowed": (
        "A record claims a step that the rules do not allow.",
        "记录中的流转步骤不符合当时的规则。",
    ),
    "correction_differs": (
        "A correction tells other old words than those that stood.",
        "更正记录所称的原内容与当时登记的内容不符。",
    ),
    "sample_differs": (
        "A sample is not the one that the checkpoint draws.",
        "盘库样本与检查点抽取的结果不符。",
    ),
    "count_differs": (
        "A stock-take's differences are not those that the counts lead to.",
        "盘库差异与两人清点的结果不符。",
    ),
    "stock_take_not_allowed": (
        "A stock-take was counted, answered or closed by somebody who must not.",
        "盘库的清点、答复或结束不符合职责分离的要求。",
    ),
    "sensors_differ": (
        "A judgement by sensors does not follow from what they told.",
        "传感器印证结论与传感器所报的事实不符。",
    ),
    "ticket_not_allowed": (
        "A step of a ticket was taken by somebody, or at a time, that the rules do not allow.",
        "协查单的办理人或办理顺序不符合规定。",
    ),
    "row_differs": (
        "A table says something else than the log.",
        "数据表与账本推算的结果不一致。",
    ),
    "row_missing": ("A table lacks a row that the log leads to.", "数据表缺少账本推算出的行。"),
    "row_without_entry": (
        "A table has a row that the log knows nothing of.",
        "数据表中有账本没有依据的行。",
    ),
    "label_not_genuine": (
        "A label is not signed by the label key.",
        "标签不是由标签密钥签署的。",
    ),
    "permit_not_genuine": (
        "A permit is not signed by the cloud's key valid then.",
        "许可不是由云端当时有效的密钥签署的。",
    ),
    "rule_pack_differs": (
        "A rule pack is not the one its hash names.",
        "规则包内容与其哈希值不符。",
    ),
    "removed_unsaid": (
        "A still or a segment of film was removed and no entry says so.", "图像或录像被删除,但账本中没有相应记录。"
    ),
    "telemetry_differs": (
        "Readings are not those that were signed, or went and no entry says so.",
        "测量数据与签名不符,或被删除而账本中没有相应记录。",
    ),
    "still_differs": (
        "A kept still is not the one that was recorded.",
        "留存的图片不是当初登记的那一张。",
    ),
    "still_missing": ("A still that was kept is gone.", "已留存的图片缺失。"),
}  # fmt: skip
"""Fault → what it means in English and Chinese. Everything a check can find is in here."""


class LedgerFaultError(CloudError):
    """Something in the records of a site is wrong; `name` says what, `index` at which entry, `row` in which row."""

    diagnosis = "The ledger does not agree with itself: the database was changed by hand, or damaged."

    def __init__(self, name: str, message: str, index: int | None = None, row: str | None = None) -> None:
        super().__init__(message)
        self.name, self.index, self.row = name, index, row
        self.words = WORDS[name]

# What must be so before anything is changed. Sourced by install.sh.
# shellcheck shell=sh disable=SC2154 # what is not assigned here is an option of install.sh

LEAST_MB=2048

check_all() {
    check_rights
    check_board
    check_system
    check_disk
    check_clock
    check_options
}

check_rights() {
    [ -n "$root" ] || [ "$dry_run" = 1 ] || [ "$(id -u)" = 0 ] ||
        fault "This must be run as root: put sudo before it." "须以 root 身份运行：请在命令前加 sudo。"
}

check_board() {
    model=$(tr -d '\0' <"$root/proc/device-tree/model" 2>/dev/null || true)
    case "$model" in
    *"Raspberry Pi "[45]* | *"Compute Module "[45]* | *"Raspberry Pi 500"*) ;;
    *"Raspberry Pi"*) warn "$model: only Pi 4 and 5 are fast enough for a camera at ten pictures a second." \
        "$model：只有 Pi 4 和 Pi 5 能以每秒十帧处理画面。" ;;
    *) [ "$any_board" = 1 ] ||
        fault "This is no Raspberry Pi (${model:-no model is told}). If that is meant, add --any-board." \
            "这不是树莓派（${model:-无法得知型号}）。如确需安装，请加 --any-board。" ;;
    esac
}

# The architecture of the programs, not of the kernel: a 32-bit system on a 64-bit kernel has no wheels.
check_system() {
    architecture=$(dpkg --print-architecture 2>/dev/null || uname -m)
    case "$architecture" in
    arm64 | aarch64) ;;
    amd64 | x86_64) [ "$any_board" = 1 ] || fault "An $architecture system is no Raspberry Pi OS." "$architecture 系统不是 Raspberry Pi OS。" ;;
    *) fault "This system is 32-bit ($architecture). Write the 64-bit Raspberry Pi OS to the card." \
        "此系统为 32 位（$architecture）。请在存储卡上写入 64 位 Raspberry Pi OS。" ;;
    esac
    release=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' "$root/etc/os-release" 2>/dev/null || true)
    [ "${release:-0}" -ge 12 ] ||
        fault "Raspberry Pi OS 12 (bookworm) or later is needed; this is ${release:-unknown}. Write a newer one to the card." \
            "需要 Raspberry Pi OS 12（bookworm）或更高版本；当前为 ${release:-未知}。请在存储卡上写入新版本。"
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fault "Python 3.11 with venv is needed: apt-get install -y python3-venv" "需要带 venv 的 Python 3.11：apt-get install -y python3-venv"
}

check_disk() {
    place=${root:-/}
    while [ ! -d "$place" ]; do place=$(dirname "$place"); done
    free_mb=$(df -Pm "$place" | awk 'NR == 2 { print $4 }')
    [ "$free_mb" -ge "$LEAST_MB" ] ||
        fault "Only $free_mb MB are free, $LEAST_MB are needed. Use a larger card, or delete what is not needed." \
            "仅剩 $free_mb MB，至少需要 $LEAST_MB MB。请换用更大的存储卡或删除无用文件。"
}

# Certificates cannot be judged, nor permits, by a clock from before this very program was made.
check_clock() {
    made_at=$(stat -c %Y "$tree/requirements.lock")
    [ "$(date +%s)" -ge "$((made_at - 86400))" ] ||
        fault "The clock says $(date -I), which is before this program was made. Connect a network, or: sudo date -s 'YYYY-MM-DD hh:mm'" \
            "时钟显示 $(date -I)，早于本程序的制作时间。请连接网络，或执行：sudo date -s 'YYYY-MM-DD hh:mm'"
    if [ -z "$root" ] && [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null || true)" != yes ]; then
        warn "No time server has set this clock yet; gates stay shut until one has, or the cloud answers." \
            "尚无时间服务器校准本机时钟；在校准或收到云端回执之前，门禁不会开启。"
    fi
}

check_options() {
    for file in "$site_file" "$ca" "$cert" "$key"; do
        [ -z "$file" ] || [ -r "$file" ] || fault "$file cannot be read. Is the name right?" "无法读取 $file。文件名是否正确？"
    done
    for file in ca.pem server.pem server.key; do
        [ -z "$local_broker" ] || [ -r "$local_broker/$file" ] ||
            fault "--local-broker: $local_broker/$file cannot be read." "--local-broker：无法读取 $local_broker/$file。"
    done
    [ -z "$wheels" ] || [ -d "$wheels" ] || fault "--wheels: there is no folder $wheels." "--wheels：没有目录 $wheels。"
    check_site
    settings_are_there
}

check_site() {
    site=${site_file:-$root/etc/sealtrail/site.yaml}
    [ -r "$site" ] || fault "Say which devices are here: --site-file site.yaml" "请说明本处有哪些设备：--site-file site.yaml"
    told=$(sed -n 's/^agent:[[:space:]]*["'\'']\{0,1\}\([a-z0-9.-]*\).*/\1/p' "$site")
    [ -n "$told" ] || fault "$site names no agent: a line 'agent: <site>.<name>'." "$site 中没有代理：应有一行 agent: <site>.<name>。"
    [ -z "$agent" ] || [ "$agent" = "$told" ] ||
        fault "--agent $agent, but $site is of $told. One of them is wrong." "--agent 为 $agent，而 $site 属于 $told。两者必有一错。"
    agent=$told
    own_key=$root/var/lib/sealtrail/keys/agent.of
    [ ! -e "$own_key" ] || [ "$(cat "$own_key")" = "$agent" ] ||
        fault "The key and the journal here are those of $(cat "$own_key"), not of $agent. A new agent begins on a new card." \
            "本机的密钥与日志属于 $(cat "$own_key")，而不是 $agent。新的代理应使用新的存储卡。"
}

# What is set already need not be said again.
settings_are_there() {
    old=$root/etc/sealtrail/edge.env
    for pair in "broker:BROKER_HOST" "cloud_url:CLOUD_URL" "cloud_keys:CLOUD_KEYS" "label_keys:LABEL_KEYS"; do
        name=${pair%%:*}
        eval "value=\$$name"
        # shellcheck disable=SC2154
        [ -n "$value" ] || grep -q "^SEALTRAIL_EDGE_${pair##*:}=." "$old" 2>/dev/null || {
            option=$(printf '%s' "--${name%s}" | tr _ -)
            case $name in cloud_url) option=--cloud-url ;; esac
            fault "$option is missing. --help says what it is." "缺少 $option。--help 有说明。"
        }
    done
}

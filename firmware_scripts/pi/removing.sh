# Taking the agent away again; what it recorded stays unless somebody types a sentence. Sourced by install.sh.
# shellcheck shell=sh disable=SC2154 # what is not assigned here is an option of install.sh

remove_all() {
    check_rights
    agent=$(cat "$root/var/lib/sealtrail/keys/agent.of" 2>/dev/null || true)
    if [ "$purge" = 1 ]; then confirm_purge; fi
    run_here systemctl --quiet disable --now sealtrail-edge.service sealtrail-doctor.timer sealtrail-update.path
    for file in \
        etc/systemd/system/multi-user.target.wants/sealtrail-edge.service \
        etc/systemd/system/timers.target.wants/sealtrail-doctor.timer \
        etc/systemd/system/sealtrail-edge.service etc/systemd/system/sealtrail-edge.service.d \
        etc/systemd/system/multi-user.target.wants/sealtrail-update.path \
        etc/systemd/system/sealtrail-update.service etc/systemd/system/sealtrail-update.path \
        etc/systemd/system/sealtrail-doctor.service etc/systemd/system/sealtrail-doctor.timer \
        etc/systemd/journald.conf.d/sealtrail.conf etc/systemd/journald.conf.d/sealtrail-volatile.conf \
        etc/udev/rules.d/70-sealtrail.rules etc/chrony/conf.d/sealtrail.conf etc/chrony/sources.d/sealtrail.sources \
        etc/mosquitto/conf.d/sealtrail-local.conf etc/mosquitto/sealtrail \
        usr/local/bin/sealtrail opt/sealtrail; do
        if [ -e "$root/$file" ] || [ -L "$root/$file" ]; then run rm -rf "$root/$file"; fi
    done
    run_here systemctl daemon-reload
    if [ "$purge" = 1 ]; then purge_all; else
        tell "The program is gone. Its records, keys and settings are still in /var/lib/sealtrail and /etc/sealtrail." \
            "程序已卸载。记录、密钥和设置仍在 /var/lib/sealtrail 和 /etc/sealtrail 中。"
    fi
}

# What has no receipt is nowhere else.
confirm_purge() {
    [ -n "$agent" ] || fault "There is no agent here to purge." "此处没有可清除的代理。"
    stats=$("$root/opt/sealtrail/current/venv/bin/sealtrail" edge journal stats "$root/var/lib/sealtrail/data" 2>/dev/null ||
        echo "its journal cannot be read; its records may be nowhere else 无法读取日志；其记录可能别处没有")
    tell "This deletes the journal and the keys of $agent for ever: $stats. Facts above \"receipted\" are nowhere else." \
        "此操作将永久删除 $agent 的日志和密钥。编号大于 receipted 的记录别处没有。"
    if [ "$dry_run" = 1 ]; then return; fi
    tell "To go on, type: purge $agent" "如要继续，请输入：purge $agent"
    read -r typed || typed=""
    [ "$typed" = "purge $agent" ] || fault "That was not it; nothing was changed." "输入不符；未作任何更改。"
}

purge_all() {
    run rm -rf "$root/var/lib/sealtrail" "$root/etc/sealtrail" "$root/etc/sysusers.d/sealtrail.conf"
    if [ -z "$root" ] && id sealtrail >/dev/null 2>&1; then run userdel sealtrail; fi
}

# The steps of an installation; each does only what is not done yet. Sourced by install.sh.
# shellcheck shell=sh disable=SC2154 # what is not assigned here is an option of install.sh

UNITS="sealtrail-edge.service sealtrail-doctor.service sealtrail-doctor.timer sealtrail-update.service sealtrail-update.path"
PARTS="sealtrail.py verify.py pyproject.toml LICENSE proof custody wire edge_agent device_profiles"

# From the system's own signed archive: camera, pins, the second reader, the clock.
system_packages() {
    wanted="chrony libzbar0 python3-venv"
    if [ "$any_board" = 0 ]; then wanted="$wanted python3-lgpio python3-picamera2"; fi
    if [ -n "$local_broker" ]; then wanted="$wanted mosquitto"; fi
    missing=""
    for package in $wanted; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    run_here apt-get update -q
    # shellcheck disable=SC2086
    run_here env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

account() {
    put "$here/files/sysusers.conf" /etc/sysusers.d/sealtrail.conf 0644 root
    if [ -n "$(number sealtrail passwd)" ] && in_groups; then return; fi
    run systemd-sysusers --root="${root:-/}" "$root/etc/sysusers.d/sealtrail.conf"
}

in_groups() {
    sed -n 's/^m sealtrail //p' "$here/files/sysusers.conf" | while read -r group; do
        grep -Eq "^$group:.*[:,]sealtrail(,|$)" "$root/etc/group" || exit 1
    done
}

# A release lies in a folder of its own, named by its content; `current` is switched in one step when it is whole.
program() {
    # shellcheck disable=SC2086
    release=$(cd "$tree" && find $PARTS requirements.lock -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum | sha256sum | cut -c1-12)
    at=$root/opt/sealtrail/releases/$release
    if [ -e "$at/whole" ] && [ "$(readlink "$root/opt/sealtrail/current" || true)" = "releases/$release" ]; then return; fi
    if [ ! -e "$at/whole" ]; then build_release; fi
    run ln -sfn "releases/$release" "$root/opt/sealtrail/current.new"
    run mv -fT "$root/opt/sealtrail/current.new" "$root/opt/sealtrail/current"
    for old in "$root"/opt/sealtrail/releases/*; do
        [ ! -d "$old" ] || [ "$old" = "$at" ] || run rm -rf "$old"
    done
}

build_release() {
    [ ! -e "$at" ] || run rm -rf "$at"
    run install -d -m 0755 "$at/source"
    for part in $PARTS; do run cp -R "$tree/$part" "$at/source/"; done
    # The camera library is the system's: it is made for this very kernel.
    run python3 -m venv --system-site-packages "$at/venv"
    set -- --quiet --disable-pip-version-check --no-input
    if [ -n "$wheels" ]; then offline="--no-index --find-links $wheels"; else offline=""; fi
    # shellcheck disable=SC2086
    run "$at/venv/bin/pip" install "$@" $offline --ignore-installed --require-hashes -r "$tree/requirements.lock"
    run "$at/venv/bin/pip" install "$@" --ignore-installed --no-index --no-deps --no-build-isolation "$at/source"
    run touch "$at/whole"
    [ -d "$root/usr/local/bin" ] || run install -d "$root/usr/local/bin"
    run ln -sfn /opt/sealtrail/current/venv/bin/sealtrail "$root/usr/local/bin/sealtrail"
}

# Before it is put in the place of the one in use: a wrong one would stop the agent at its next start.
site_is_right() {
    if [ "$dry_run" = 1 ] || [ -z "$site_file" ]; then return; fi
    "$root/opt/sealtrail/current/venv/bin/sealtrail" edge check "$site_file" >&2 || fault \
        "$site_file has the faults above; the one in use is left as it is. Mend them, then run the installer again." \
        "$site_file 有上述错误；正在使用的文件保持不变。请改正后再次运行安装程序。"
}

configuration() {
    folder /etc/sealtrail 0755 root
    folder /var/lib/sealtrail 0700 sealtrail
    folder /var/lib/sealtrail/keys 0700 sealtrail
    folder /var/lib/sealtrail/tls 0700 sealtrail
    if [ -n "$site_file" ]; then put "$site_file" /etc/sealtrail/site.yaml 0644 root; fi
    put "$(environment | made edge.env)" /etc/sealtrail/edge.env 0644 root
    if [ -n "$ca" ]; then put "$ca" /var/lib/sealtrail/tls/ca.pem 0644 sealtrail; fi
    if [ -n "$cert" ]; then put "$cert" /var/lib/sealtrail/tls/cert.pem 0644 sealtrail; fi
    if [ -n "$key" ]; then put "$key" /var/lib/sealtrail/tls/key.pem 0600 sealtrail; fi
}

# Settings by their names: what was said now, else what was said before; lines that a person added stay.
environment() {
    host="" port=""
    if [ -n "$broker" ]; then
        host=${broker%:*} port=8883
        [ "$host" = "$broker" ] || port=${broker##*:}
    fi
    set -- "SITE_FILE=/etc/sealtrail/site.yaml" "DATA_DIR=/var/lib/sealtrail/data" \
        "KEY_FILE=/var/lib/sealtrail/keys/agent.pem" "CLOUD_KEYS=$cloud_keys" "LABEL_KEYS=$label_keys" \
        "RELEASE_KEYS=$release_keys" \
        "BROKER_HOST=$host" "BROKER_PORT=$port" "BROKER_CA=/var/lib/sealtrail/tls/ca.pem" \
        "BROKER_CERT=/var/lib/sealtrail/tls/cert.pem" "BROKER_KEY=/var/lib/sealtrail/tls/key.pem" "CLOUD_URL=$cloud_url"
    old=$root/etc/sealtrail/edge.env
    ours=""
    for setting in "$@"; do
        name=SEALTRAIL_EDGE_${setting%%=*} value=${setting#*=}
        ours="$ours|$name"
        if [ -n "$value" ]; then printf '%s=%s\n' "$name" "$value"; else grep "^$name=" "$old" 2>/dev/null || true; fi
    done
    if [ -r "$old" ]; then grep -Ev "^(${ours#|})=" "$old" || true; fi
}

# Made on the device, once. `agent.of` remembers whose it is.
agent_key() {
    if [ -e "$root/var/lib/sealtrail/keys/agent.pem" ]; then return; fi
    printf '+ make the key of %s\n' "$agent"
    if [ "$dry_run" = 1 ]; then return; fi
    keys=$root/var/lib/sealtrail/keys
    "$root/opt/sealtrail/current/venv/bin/sealtrail" edge keygen "$keys/agent.pem" >"$keys/agent.pub"
    printf '%s\n' "$agent" >"$keys/agent.of"
    for file in agent.pem agent.pub agent.of; do own sealtrail "$keys/$file"; done
}

system_files() {
    put "$here/launcher.py" /opt/sealtrail/launcher.py 0755 root
    for unit in $UNITS; do put "$here/systemd/$unit" "/etc/systemd/system/$unit" 0644 root; done
    put "$here/files/journald.conf" /etc/systemd/journald.conf.d/sealtrail.conf 0644 root
    put "$here/files/udev.rules" /etc/udev/rules.d/70-sealtrail.rules 0644 root
    put "$here/files/chrony.conf" /etc/chrony/conf.d/sealtrail.conf 0644 root
    if [ -n "$ntp" ]; then
        put "$(printf 'server %s iburst\n' "$ntp" | made ntp.sources)" /etc/chrony/sources.d/sealtrail.sources 0644 root
    fi
}

local_broker_files() {
    put "$here/files/mosquitto-local.conf" /etc/mosquitto/conf.d/sealtrail-local.conf 0644 root
    put "$(sed "s/@AGENT@/$agent/" "$here/files/mosquitto-local.acl" | made acl)" /etc/mosquitto/sealtrail/acl 0600 mosquitto
    put "$local_broker/ca.pem" /etc/mosquitto/sealtrail/ca.pem 0644 root
    put "$local_broker/server.pem" /etc/mosquitto/sealtrail/server.pem 0644 root
    put "$local_broker/server.key" /etc/mosquitto/sealtrail/server.key 0600 mosquitto
    case "$changed" in *mosquitto*) run_here systemctl restart mosquitto.service ;; esac
}

# An overlay forgets everything at the next start, so evidence must lie on a partition of its own, or not at all.
make_root_read_only() {
    [ -n "$root" ] || [ "$(findmnt -n -o TARGET --mountpoint /var/lib/sealtrail || true)" ] || fault \
        "/var/lib/sealtrail is no partition of its own: with a read-only root the evidence would be gone at the next start. docs/on-the-board.md says how to make one." \
        "/var/lib/sealtrail 不是独立分区：根分区只读时，重启后证据将丢失。做法见 docs/on-the-board.zh-CN.md。"
    put "$here/files/only-on-data.conf" /etc/systemd/system/sealtrail-edge.service.d/only-on-data.conf 0644 root
    put "$here/files/journald-volatile.conf" /etc/systemd/journald.conf.d/sealtrail-volatile.conf 0644 root
    if [ -z "$root" ] && [ "$(raspi-config nonint get_overlay_now)" != 0 ]; then
        run raspi-config nonint enable_overlayfs
        tell "The root is read-only from the next start on: sudo reboot" "下次启动后根分区只读：sudo reboot"
    fi
}

services() {
    wants=$root/etc/systemd/system/multi-user.target.wants/sealtrail-edge.service
    timer=$root/etc/systemd/system/timers.target.wants/sealtrail-doctor.timer
    path=$root/etc/systemd/system/multi-user.target.wants/sealtrail-update.path
    if [ ! -L "$wants" ] || [ ! -L "$timer" ] || [ ! -L "$path" ]; then
        run systemctl ${root:+--root="$root"} --quiet enable sealtrail-edge.service sealtrail-doctor.timer sealtrail-update.path
    fi
    case "$changed" in *.rules*) run_here udevadm control --reload ;; esac
    case "$changed" in *journald*) run_here systemctl restart systemd-journald.service ;; esac
    case "$changed" in *chrony*) run_here systemctl restart chrony.service ;; esac
    [ -n "$changed" ] || return 0
    run_here systemctl daemon-reload
    run_here systemctl restart sealtrail-edge.service sealtrail-doctor.timer sealtrail-update.path
}

farewell() {
    [ "$dry_run" = 0 ] || return 0
    tell "$agent is installed. Its public key, for \`sealtrail cloud agent add\`: $(cat "$root/var/lib/sealtrail/keys/agent.pub" 2>/dev/null)" \
        "$agent 已安装。上面是其公钥，供 \`sealtrail cloud agent add\` 使用。"
    for file in ca cert key; do
        [ -e "$root/var/lib/sealtrail/tls/$file.pem" ] || warn "/var/lib/sealtrail/tls/$file.pem is not there yet: the agent records, and sends nothing. Run this again with --$file." \
            "尚无 /var/lib/sealtrail/tls/$file.pem：代理会记录，但不会发送。请加 --$file 再次运行。"
    done
    tell "See what is wrong, if anything: sudo sealtrail edge doctor --env-file /etc/sealtrail/edge.env" \
        "检查有无问题：sudo sealtrail edge doctor --lang zh --env-file /etc/sealtrail/edge.env"
}

#!/bin/sh
# Installs the edge agent on Raspberry Pi OS, brings it up to date, or takes it away again. 在树莓派上安装、更新或卸载边缘代理。
#   sudo firmware_scripts/pi/install.sh --site-file site.yaml --broker broker.example:8883 \
#        --cloud-url https://cloud.example --cloud-key KEY --label-key KEY --ca ca.pem --cert agent.pem --key agent.key
# What was set once need not be said again. Each line that begins with + is something it does; a second run has none.
# What it writes down is evidence: the journal and the keys stay where they are until --purge and a typed sentence.
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
. "$here/doing.sh"
. "$here/checks.sh"
. "$here/steps.sh"

usage() {
    cat <<'TEXT'
usage: install.sh [options]            安装或更新
       install.sh --uninstall [--purge] 卸载（不加 --purge 时保留日志与密钥）

  --site-file FILE      which devices and stations are here              本处有哪些设备和站点
  --agent ID            must be the agent of the site file               须与站点文件中的代理一致
  --broker HOST[:PORT]  the message broker (port 8883)                   消息代理
  --cloud-url URL       where pictures go                                图片上传地址
  --cloud-key KEY       public key of the cloud's orders; may be repeated  云端指令公钥，可重复
  --label-key KEY       public key of labels; may be repeated              标签公钥，可重复
  --release-key KEY     whose releases of the program are taken; may be repeated  程序版本发布者公钥，可重复
  --ca FILE --cert FILE --key FILE   TLS files for the broker            连接消息代理所用的 TLS 文件
  --ntp HOST            this site's own time server                      本单位的时间服务器
  --local-broker DIR    a broker for slot nodes; DIR: ca.pem server.pem server.key   供货位节点使用的本地消息代理
  --read-only-root      overlay root; needs a data partition at /var/lib/sealtrail   只读根分区，须有数据分区
  --wheels DIR          Python packages from a folder, without a network 离线安装所用的软件包目录
  --any-board           also on a machine that is no Raspberry Pi        允许在非树莓派上安装
  --root DIR            into a folder, without touching this machine     安装到指定目录，不改动本机
  --dry-run             say what would be done, do nothing               只显示将要做什么
TEXT
}

root="" dry_run=0 uninstall=0 purge=0 any_board=0 read_only_root=0
agent="" site_file="" broker="" cloud_url="" cloud_keys="" label_keys="" release_keys="" ca="" cert="" key="" ntp="" local_broker="" wheels=""

needs_value() {
    [ "$1" -ge 2 ] || fault "$2 needs a value. --help lists the options." "$2 需要一个值。--help 列出所有选项。"
}

read_options() {
    while [ $# -gt 0 ]; do
        case "$1" in
        --dry-run) dry_run=1 ;;
        --uninstall) uninstall=1 ;;
        --purge) purge=1 ;;
        --any-board) any_board=1 ;;
        --read-only-root) read_only_root=1 ;;
        -h | --help) usage && exit 0 ;;
        *) needs_value $# "$1" && read_value "$1" "$2" && shift ;;
        esac
        shift
    done
}

read_value() {
    case "$1" in
    --agent) agent=$2 ;;
    --site-file) site_file=$2 ;;
    --broker) broker=$2 ;;
    --cloud-url) cloud_url=$2 ;;
    --cloud-key) cloud_keys=${cloud_keys:+$cloud_keys,}$2 ;;
    --label-key) label_keys=${label_keys:+$label_keys,}$2 ;;
    --release-key) release_keys=${release_keys:+$release_keys,}$2 ;;
    --ca) ca=$2 ;;
    --cert) cert=$2 ;;
    --key) key=$2 ;;
    --ntp) ntp=$2 ;;
    --local-broker) local_broker=$2 ;;
    --wheels) wheels=$2 ;;
    --root) root=${2%/} ;;
    *) fault "There is no option $1. --help lists them." "没有选项 $1。--help 列出所有选项。" ;;
    esac
}

install_all() {
    check_all
    system_packages
    account
    program
    site_is_right
    configuration
    agent_key
    system_files
    if [ -n "$local_broker" ]; then local_broker_files; fi
    if [ "$read_only_root" = 1 ]; then make_root_read_only; fi
    services
    farewell
}

read_options "$@"
if [ -n "$root" ] && [ "${root#/}" = "$root" ]; then root=$PWD/$root; fi
if [ "$uninstall" = 1 ]; then
    . "$here/removing.sh"
    remove_all
elif [ "$purge" = 1 ]; then
    fault "--purge goes with --uninstall." "--purge 须与 --uninstall 一起使用。"
else
    install_all
fi

#!/bin/sh
# Installs the Debian tools that the tests work against: real DHCP, TFTP and
# HTTP clients, an SMTP server, network namespaces, file systems on loop
# devices, Debian roots, Prometheus' own checks, and the C compiler the race detector needs.
# What is there already is left alone; as nobody else but root it only checks.
set -eu

# Network tools live in sbin, which not everybody's PATH has.
PATH=$PATH:/usr/sbin:/sbin

# command and the package it comes in
tools='
gcc gcc
udhcpc udhcpc
dhclient isc-dhcp-client
dhcpcd dhcpcd-base
dnsmasq dnsmasq-base
kea-dhcp4 kea-dhcp4-server
dhcpd isc-dhcp-server
udhcpd udhcpd
perfdhcp kea-admin
tftp tftp-hpa
curl curl
ip iproute2
ping iputils-ping
strace strace
sipp sip-tester
baresip baresip-core
avahi-daemon avahi-daemon
avahi-browse avahi-utils
dbus-daemon dbus-daemon
nginx nginx-light
chromium chromium
nft nftables
promtool prometheus
exim4 exim4-daemon-light
mkfs.ext4 e2fsprogs
mount mount
minisign minisign
fallocate util-linux
mmdebstrap mmdebstrap
systemd-nspawn systemd-container
zstd zstd
rpm rpm
lintian lintian
'

missing=$(echo "$tools" | while read -r command package; do
	[ -n "$command" ] || continue
	command -v "$command" >/dev/null 2>&1 || echo "$package"
done)
# A compiler without the C library's headers builds nothing.
[ -e /usr/include/stdlib.h ] || missing="$missing libc6-dev"
missing=$(echo $missing)

[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "tools.sh: missing: $missing" >&2
	echo "tools.sh: install them as root: apt-get install $missing" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "tools.sh: missing: $missing" >&2
	echo "tools.sh: this is no Debian; install the like of them by hand" >&2
	exit 1
fi
echo "tools.sh: installing $missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A machine has one mail server: where Exim would take another's place, nothing
# is installed, and the operator decides.
apt-get install -y -qq --no-install-recommends --no-remove $missing >/dev/null

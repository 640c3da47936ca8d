#!/bin/sh
# Before @NAME@ goes. On the way to another version it runs on until that is
# there; removed, it stops. What it keeps in /var/lib/@NAME@ stays.
set -e

# dpkg says "remove" or "upgrade", rpm how many versions will be left, apk the
# version that goes.
case "$1" in
remove | deconfigure | 0 | *.*) ;;
*) exit 0 ;;
esac

[ -d /run/systemd/system ] || exit 0
for unit in @UNITS@; do
	systemctl stop "$unit" >/dev/null 2>&1 || :
done
if ! command -v deb-systemd-helper >/dev/null 2>&1; then
	for unit in @ENABLE@; do
		systemctl disable "$unit" >/dev/null 2>&1 || :
	done
fi

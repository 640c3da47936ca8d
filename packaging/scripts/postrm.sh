#!/bin/sh
# After @NAME@ went. Only dpkg knows a purge, and only then its state goes, with
# settings, keys and backups; where rpm or apk removed it, it is for the operator
# to take.
set -e

case "$1" in
remove | 0 | *.*)
	[ ! -d /run/systemd/system ] || systemctl daemon-reload || :
	;;
purge)
	if command -v deb-systemd-helper >/dev/null 2>&1; then
		for unit in @ENABLE@; do
			deb-systemd-helper purge "$unit" >/dev/null || :
			deb-systemd-helper unmask "$unit" >/dev/null || :
		done
	fi
	# A file system of its own stays mounted, and empty.
	for state in /var/lib/@NAME@ @STATE@; do
		[ ! -e "$state" ] || find "$state" -xdev -mindepth 1 -delete
		rmdir "$state" 2>/dev/null || :
	done
	rm -f /etc/lineside/@SETTINGS@
	[ @NAME@ != lineside ] || rm -rf /etc/lineside/release.pub.d
	rmdir /etc/lineside 2>/dev/null || :
	# The account stays, as Debian's accounts of services do: a number given to
	# another would own what is left of this one.
	;;
esac

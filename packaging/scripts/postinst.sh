#!/bin/sh
# After @NAME@ was unpacked, by whichever package manager: the account, the
# folders, the units; then where to go on. It asks nothing, and what does not work
# here (no systemd in a chroot, a port that is taken) does not fail the package.
set -e

# dpkg says "configure" and the version of before, rpm how many versions there are
# now, apk the new version and, on an upgrade, the old.
case "$1" in
configure) before=$2 ;;
1) before= ;;
abort-* | triggered) exit 0 ;;
*.*) before=$2 ;;
*) before=unknown ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

if have systemd-sysusers; then
	systemd-sysusers @NAME@.conf
elif have useradd; then
	id @NAME@ >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /var/lib/@NAME@ --shell /usr/sbin/nologin @NAME@
else
	id @NAME@ >/dev/null 2>&1 || adduser -S -D -H -h /var/lib/@NAME@ -s /sbin/nologin @NAME@
fi
if [ -e /usr/lib/tmpfiles.d/@NAME@.conf ] && have systemd-tmpfiles; then
	systemd-tmpfiles --create @NAME@.conf || :
fi
[ -d /etc/lineside ] || install -d -m 0750 /etc/lineside
if [ -e /usr/lib/sysctl.d/60-@NAME@.conf ] && have sysctl; then
	sysctl -q -p /usr/lib/sysctl.d/60-@NAME@.conf 2>/dev/null || :
fi

# Units an operator has switched off stay off. Where there is no deb-systemd-helper
# they are switched on once, when the package is new.
for unit in @ON@; do
	if have deb-systemd-helper; then
		deb-systemd-helper unmask "$unit" >/dev/null || :
		if deb-systemd-helper --quiet was-enabled "$unit"; then
			deb-systemd-helper enable "$unit" >/dev/null || :
		else
			deb-systemd-helper update-state "$unit" >/dev/null || :
		fi
	elif [ -z "$before" ] && have systemctl; then
		systemctl enable "$unit" >/dev/null 2>&1 || :
	fi
done

run=systemctl
if have deb-systemd-invoke; then run=deb-systemd-invoke; fi # asks policy-rc.d
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	if [ -z "$before" ]; then
		for unit in @START@; do
			$run start "$unit" >/dev/null 2>&1 || :
		done
	else
		# Sockets stay open meanwhile, and what phones ask waits in them.
		systemctl try-restart @NAME@.service || :
		# What this version brought along runs without waiting for a boot.
		for unit in @START@; do
			[ "$unit" != @NAME@.service ] || continue
			! systemctl --quiet is-enabled "$unit" 2>/dev/null || $run start "$unit" >/dev/null 2>&1 || :
		done
	fi
fi

@WORDS@

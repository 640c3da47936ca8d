#!/bin/sh
# disk.sh SLOT OUT: the disk image of VERSION: boot partition, two root slots of which
# the first is filled, state. Same input, same bytes: every number that tools would
# make up is given.
#
#   1  lineside-esp    256 MiB  systemd-boot, kernel and initramfs of both slots
#   2  lineside-a      384 MiB  root, squashfs
#   3  lineside-b      384 MiB  root, the other; empty until the first update
#   4  lineside-state   64 MiB  ext4 on /var; grows to the disk's end at first start
set -eu
slot=$(realpath "$1")
out=$(realpath "$2")
cd "$(dirname "$0")/../.."

version=${VERSION:-development}
export TZ=UTC SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
export E2FSPROGS_FAKE_TIME="$SOURCE_DATE_EPOCH"
esp_mib=256 slot_mib=384 state_mib=64
room=$((slot_mib << 20))
[ "$(stat -c %s "$slot")" -le "$room" ] || { echo "disk.sh: the slot is larger than $slot_mib MiB" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -f "$out"
truncate -s "$((1 + esp_mib + 2 * slot_mib + state_mib + 1))M" "$out"
sfdisk --quiet "$out" <<-TABLE
	label: gpt
	label-id: 6c696e65-7369-4465-8000-000000000000
	first-lba: 2048
	name=lineside-esp, size=${esp_mib}MiB, type=uefi, uuid=6c696e65-7369-4465-8000-000000000001
	name=lineside-a, size=${slot_mib}MiB, type="Linux root (x86-64)", uuid=6c696e65-7369-4465-8000-00000000000a
	name=lineside-b, size=${slot_mib}MiB, type="Linux root (x86-64)", uuid=6c696e65-7369-4465-8000-00000000000b
	name=lineside-state, size=${state_mib}MiB, type=linux, uuid=6c696e65-7369-4465-8000-000000000004
TABLE

# The boot partition: the loader, and slot A's kernel out of slot A itself.
unsquashfs -quiet -no-progress -dest "$scratch/slot" "$slot" boot usr/lib/systemd/boot/efi >/dev/null
mkdir -p "$scratch/esp/EFI/BOOT" "$scratch/esp/loader/entries" "$scratch/esp/lineside/a" "$scratch/esp/lineside/b"
cp "$scratch/slot/usr/lib/systemd/boot/efi/systemd-bootx64.efi" "$scratch/esp/EFI/BOOT/BOOTX64.EFI"
cp "$scratch/slot/boot/"* "$scratch/esp/lineside/a/"
printf %s "$version" >"$scratch/esp/lineside/a/version"
cp packaging/image/loader.conf "$scratch/esp/loader/loader.conf"
sed "s|@SLOT@|a|g; s|@NUMBER@|1|g; s|@VERSION@|$version|g" "$scratch/slot/boot/entry.conf" >"$scratch/esp/loader/entries/lineside-a.conf"
find "$scratch/esp" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
truncate -s "${esp_mib}M" "$scratch/esp.fat"
mkfs.vfat -F 32 -n LINESIDE -i 4c494e45 --invariant "$scratch/esp.fat" >/dev/null
(cd "$scratch/esp" && mcopy -s -p -m -i "$scratch/esp.fat" ./* ::)

# Empty: the first start makes what belongs there.
mkfs.ext4 -q -b 4096 -L lineside-state -U 6c696e65-7369-4465-8000-000000000005 -m 1 \
	-E hash_seed=6c696e65-7369-4465-8000-000000000006,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,resize=67108864 \
	"$scratch/state.ext4" "${state_mib}M" >/dev/null

put() { dd if="$1" of="$out" bs=1M seek="$2" conv=notrunc,sparse status=none; }
put "$scratch/esp.fat" 1
put "$slot" $((1 + esp_mib))
put "$scratch/state.ext4" $((1 + esp_mib + 2 * slot_mib))

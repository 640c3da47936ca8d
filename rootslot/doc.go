// Package rootslot turns an appliance's machine from one root slot to the other and
// back. The image (packaging/image) has two partitions for a read-only root,
// lineside-a and lineside-b, and a boot partition with systemd-boot, which starts
// the entry of the highest number that still has tries.
//
// What counts is told by the names of the entries alone (systemd's Automatic Boot
// Assessment, and the Boot Loader Specification's counters):
//
//	lineside-a.conf       good
//	lineside-b+3.conf     to be tried three times
//	lineside-b+2-1.conf   being tried: one try used up, two left
//	lineside-b+0-3.conf   tried in vain; the other slot is started from now on
//
// systemd-boot takes a try off before it starts anything of the slot, so that also a
// kernel that never comes up ends at the slot before. A rename is all that makes
// the difference, and only of files that nothing that runs depends on: a power cut
// leaves one or the other. Slots satisfies update.Slots.
//
// What this cannot help: the boot partition is FAT, which has no journal. Files of
// the slot in use are never written to, yet a power cut while the folder they are in
// is written can in theory cost it. So it is mounted for as long as a change takes
// and no longer, and everything is on disk before a name changes.
package rootslot

// Package debroot gives tests a fresh Debian of their own: a directory with a
// minimal root file system of this machine's release, in which packages are
// installed, units started and programs run without touching the machine.
//
//	root := debroot.Make(t, "systemd", "dbus")
//	out := debroot.Run(t, root, time.Minute, "dpkg", "-i", "/lineside.deb")
//
// A root with the same packages is built once per machine, by mmdebstrap from
// this machine's own apt sources, and kept in the user's cache folder; each Make
// unpacks it anew, in about two seconds. Which packages are in it is therefore
// worth agreeing on between tests: every other list is another build of about
// half a minute.
//
// It needs root. Without, and without mmdebstrap, a test is skipped with the
// reason; with REQUIRE=1 in the environment it fails instead. Only tests import
// it.
package debroot

package shell

import "runtime/debug"

// release is the version of the package the program is handed out in, v1.4.0.
// Only the linker sets it (-X, in packaging/packages.sh).
var release string

// Version names the build of the running program: its package's version, or
// without one what the compiler made of the repository, or "development".
func Version() string {
	if release != "" {
		return release
	}
	if facts, ok := debug.ReadBuildInfo(); ok && facts.Main.Version != "" && facts.Main.Version != "(devel)" {
		return facts.Main.Version
	}
	return "development"
}

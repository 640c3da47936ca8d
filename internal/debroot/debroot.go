package debroot

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// unpacking bounds taking a root out of the cache.
const unpacking = 2 * time.Minute

// Make gives the directory of a fresh root, with the packages in it, that is the
// test's alone and goes with it. It holds no policy of its own: as in every
// chroot, packages start no services.
func Make(t testing.TB, packages ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		netlab.Lacking(t, "a Debian root needs root")
	}
	for _, tool := range []string{"mmdebstrap", "zstd", "tar", "unshare", "chroot"} {
		netlab.Tool(t, tool)
	}
	kept, err := cached(packages)
	if err != nil {
		// No network, no mirror: the machine's lack, as a missing tool is.
		netlab.Lacking(t, err.Error())
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatalf("open up the root directory: %v", err)
	}
	if out, err := command(unpacking, "tar", "--numeric-owner", "-xf", kept, "-C", root); err != nil {
		t.Fatalf("unpack %s: %v\n%s", kept, err, out)
	}
	return root
}

// Run runs a program in the root and gives what it wrote, standard error too. It
// fails the test where the program does, or takes longer than timeout.
func Run(t testing.TB, root string, timeout time.Duration, name string, args ...string) string {
	t.Helper()
	out, err := Try(root, timeout, name, args...)
	if err != nil {
		t.Fatalf("in the Debian root: %s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// Try is Run for a program that may fail. It has no network but a loopback that
// is down.
func Try(root string, timeout time.Duration, name string, args ...string) (string, error) {
	return command(timeout, "unshare", append([]string{"--net"}, Inside(root, name, args...)...)...)
}

// Inside are the words that start a program in the root, in the network of
// whoever starts them, such as a netlab.Host. It has /proc, mounts and processes
// of its own, which end with it; its environment is empty but for PATH and the C
// locale.
func Inside(root, name string, args ...string) []string {
	return append([]string{
		"unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc=" + root + "/proc",
		"chroot", root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", name,
	}, args...)
}

// command runs a program of this machine and gives all that it wrote.
func command(timeout time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // for children that hold the output open
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("not done after %v: %w", timeout, err)
	}
	return out.String(), err
}

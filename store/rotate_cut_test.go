package store

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
)

// rotateEnv names the state directory in which the test binary, started again
// under strace, rotates the site key.
const rotateEnv = "LINESIDE_STORE_ROTATE"

func rotateChild(dir string) error {
	_, err := Rotate(filepath.Join(dir, "db"), filepath.Join(dir, "site.key"), audit.Actor{Front: "cli"}, time.Now())
	return err
}

// node is a file on the disk: what was flushed of it, and what was written.
type node struct{ flushed, now []byte }

// nameOp is a change of the directory, on disk after its next flush, before it
// perhaps: name stands for to (nil: for nothing), and from no longer for it.
type nameOp struct {
	name, from string
	to         *node
}

func (op nameOp) apply(names map[string]*node) {
	if op.from != "" {
		delete(names, op.from)
	}
	if delete(names, op.name); op.to != nil {
		names[op.name] = op.to
	}
}

// directory is a state directory on a disk that may lose power.
type directory struct {
	lasting map[string]*node // as it was when last flushed
	names   map[string]*node // as programs see it
	since   []nameOp
}

func newDirectory(files map[string][]byte) *directory {
	d := &directory{lasting: map[string]*node{}}
	for name, b := range files {
		d.lasting[name] = &node{b, b}
	}
	d.names = maps.Clone(d.lasting)
	return d
}

func (d *directory) do(op nameOp) {
	op.apply(d.names)
	d.since = append(d.since, op)
}

// cuts calls f with what a power cut now may leave: any of the changes of names
// not flushed, and of each file what was flushed, all that was written, or part
// of it. It gives the first file that is neither.
func (d *directory) cuts(random *rand.Rand, f func(map[string][]byte)) {
	for subset := range 1 << min(len(d.since), 6) {
		names := maps.Clone(d.lasting)
		for i, op := range d.since {
			if subset>>min(i, 5)&1 == 1 {
				op.apply(names)
			}
		}
		for _, left := range []func(*node) []byte{
			func(n *node) []byte { return n.flushed },
			func(n *node) []byte { return n.now },
			func(n *node) []byte { return torn(random, n) },
		} {
			files := map[string][]byte{}
			for name, n := range names {
				files[name] = left(n)
			}
			f(files)
		}
	}
}

// torn is a file of which some sectors were written and some not.
func torn(random *rand.Rand, n *node) []byte {
	out := slices.Clone(n.flushed)
	size := random.IntN(len(n.now) + 1)
	if len(out) < size {
		out = append(out, make([]byte, size-len(out))...)
	}
	for at := 0; at < size; at += sector {
		if random.IntN(2) == 1 {
			copy(out[at:min(size, at+sector)], n.now[at:])
		}
	}
	return out
}

// recordRotation runs the child and gives the calls with which it changed the
// directory, in order of their end, and what was in it before.
func recordRotation(t *testing.T, w *site) (calls []string, before map[string][]byte) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("REQUIRE") != "" {
			t.Fatal("strace is missing; packaging/tools.sh installs it")
		}
		t.Skip("needs strace")
	}
	before = contents(t, w.dir)
	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-y", "-xx", "-s", "16777216", "-o", log, "-e",
		"trace=openat,write,pwrite64,writev,pwritev,ftruncate,fallocate,copy_file_range,sendfile,splice,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,link,linkat", os.Args[0])
	cmd.Env = append(os.Environ(), rotateEnv+"="+w.dir, "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE") == "" && strings.Contains(string(out), "PTRACE") {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("rotation under strace: %v\n%s", err, out)
	}
	begun := map[string]string{}
	for line := range strings.Lines(string(readText(t, log))) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if start, ok := strings.CutSuffix(call, " <unfinished ...>"); ok {
			begun[thread] = start
			continue
		}
		if _, rest, ok := strings.Cut(call, " resumed>"); ok && strings.HasPrefix(call, "<... ") {
			call = begun[thread] + strings.TrimSpace(rest)
		}
		if !strings.Contains(call, ") = -1") && strings.Contains(call, "(") && !strings.HasPrefix(call, "+++") {
			calls = append(calls, call)
		}
	}
	return calls, before
}

var (
	callFile   = regexp.MustCompile(`^\d+<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?(?:, (.*))?$`)
	callString = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"`)
)

// replay does one call to d. flushed says that something was made to last.
func (d *directory) replay(dir, call string) (changed, flushed bool, err error) {
	name, args, _ := strings.Cut(call, "(")
	args = args[:strings.LastIndex(args, ")")]
	base := func(hexed string) (string, bool) {
		path, err := unhex(hexed)
		rel, errRel := filepath.Rel(dir, string(path))
		return rel, err == nil && errRel == nil && !strings.HasPrefix(rel, "..")
	}
	switch name {
	case "openat":
		m := callString.FindStringSubmatch(args)
		file, ok := base(m[1])
		if !ok || file == "." {
			return false, false, nil
		}
		if n := d.names[file]; n == nil && strings.Contains(args, "O_CREAT") {
			d.do(nameOp{name: file, to: &node{}})
			return true, false, nil
		} else if n != nil && strings.Contains(args, "O_TRUNC") && len(n.now) > 0 {
			n.now = nil
			return true, false, nil
		}
		return false, false, nil
	case "rename", "renameat", "renameat2", "unlink", "unlinkat":
		var files []string
		for _, m := range callString.FindAllStringSubmatch(args, -1) {
			if file, ok := base(m[1]); ok {
				files = append(files, file)
			}
		}
		switch {
		case len(files) == 0:
			return false, false, nil
		case strings.HasPrefix(name, "unlink"):
			d.do(nameOp{name: files[0]})
		default:
			d.do(nameOp{name: files[1], from: files[0], to: d.names[files[0]]})
		}
		return true, false, nil
	}
	m := callFile.FindStringSubmatch(args)
	if m == nil {
		return false, false, nil // an end of something that is no file
	}
	file, ok := base(m[1])
	if !ok || m[2] != "" {
		return false, false, nil
	}
	if file == "." {
		d.lasting, d.since = maps.Clone(d.names), nil
		return false, true, nil
	}
	n := d.names[file]
	if n == nil {
		return false, false, fmt.Errorf("%s of %s, which is not there", name, file)
	}
	changed, flushed, err = n.replay(name, m[3], func(hexed string) *node {
		other, _ := base(hexed)
		return d.names[other]
	})
	return changed, flushed, err
}

var callWrite = regexp.MustCompile(`^"((?:\\x[0-9a-f]{2})*)", (\d+)(?:, (\d+))?$`)

func (n *node) replay(name, args string, other func(string) *node) (changed, flushed bool, err error) {
	switch name {
	case "fsync", "fdatasync":
		n.flushed = slices.Clone(n.now)
		return false, true, nil
	case "ftruncate":
		size, err := strconv.Atoi(args)
		n.now = append(slices.Clone(n.now), make([]byte, max(0, size-len(n.now)))...)[:size]
		return true, false, err
	case "copy_file_range": // from, offset, to, …: here always a whole file
		m := regexp.MustCompile(`\d+<((?:\\x[0-9a-f]{2})*)>`).FindStringSubmatch(args)
		other(m[1]).now = slices.Clone(n.now)
		return true, false, nil
	case "write", "pwrite64":
		m := callWrite.FindStringSubmatch(args)
		if m == nil {
			break
		}
		b, err := unhex(m[1])
		at := len(n.now)
		if name == "pwrite64" {
			at, _ = strconv.Atoi(m[3])
		}
		now := make([]byte, max(len(n.now), at+len(b)))
		copy(now, n.now)
		copy(now[at:], b)
		n.now = now
		return true, false, err
	}
	return false, false, fmt.Errorf("the disk is written in a way this test does not know: %s %.80s", name, args)
}

// rotationCuts replays the calls and starts the box on everything that a power
// cut may leave: after every call or, with stop, after those that change which
// file a name stands for, until one leaves something wrong in the way of stop. It
// gives how often which key was found, and all that was wrong.
func rotationCuts(t *testing.T, w *site, calls []string, before map[string][]byte, stop string) (olds, news int, broken []string) {
	d := newDirectory(before)
	random := rand.New(rand.NewPCG(5, 6))
	seen := map[[sha256.Size]byte]bool{}
	oldKey, err := parseKey(before["site.key"])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	look := func(after string) {
		d.cuts(random, func(files map[string][]byte) {
			var b []byte
			for _, name := range slices.Sorted(maps.Keys(files)) {
				sum := sha256.Sum256(files[name])
				b = append(append(b, name...), sum[:]...)
			}
			sum := sha256.Sum256(b)
			if seen[sum] || len(broken) > 0 && strings.Contains(broken[len(broken)-1], stop) {
				return
			}
			seen[sum] = true
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for name, b := range files {
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			switch k, wrong := w.opens(t, dir); {
			case wrong != "":
				broken = append(broken, fmt.Sprintf("cut after %.60s, with %v: %s", after, slices.Sorted(maps.Keys(files)), wrong))
			case k == oldKey:
				olds++
			default:
				news++
			}
		})
	}
	look("nothing")
	for _, call := range calls {
		changed, flushed, err := d.replay(w.dir, call)
		if err != nil {
			t.Fatal(err)
		}
		if changed && strings.HasPrefix(call, "rename") || (changed || flushed) && stop == "" {
			look(call)
		}
	}
	return olds, news, broken
}

// TestPowerCutInARotation records what a rotation of the site key has the kernel
// do, and starts the box on everything that a power cut at any moment may leave
// of it. It always comes up, undamaged, with all it had, under one of the two
// keys, and with one key file.
func TestPowerCutInARotation(t *testing.T) {
	w := newSite(t)
	calls, before := recordRotation(t, w)
	olds, news, broken := rotationCuts(t, w, calls, before, "")
	for _, b := range broken {
		t.Error(b)
	}
	if olds < 10 || news < 3 {
		t.Errorf("%d different states under the old key and %d under the new: the recording is not what it should be", olds, news)
	}
	t.Logf("%d states came up under the old key, %d under the new", olds, news)
}

// TestPowerCutInARotationFindsFaults drops flushes as a careless program would:
// then boxes must be seen not to start, or the test above proves nothing.
func TestPowerCutInARotationFindsFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a few hundred boxes")
	}
	w := newSite(t)
	calls, before := recordRotation(t, w)
	isDir := func(call string) bool { return strings.Contains(call, hexed(w.dir)+">)") }
	for name, tc := range map[string]struct {
		drop func(string) bool
		want string
	}{
		"files are not flushed":        {func(c string) bool { return isSync(c) && !isDir(c) }, "site key has 0 bytes"},
		"the directory is not flushed": {func(c string) bool { return isSync(c) && isDir(c) }, ErrKey.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, broken := rotationCuts(t, w, slices.DeleteFunc(slices.Clone(calls), tc.drop), before, tc.want)
			if len(broken) == 0 || !strings.Contains(broken[len(broken)-1], tc.want) {
				t.Errorf("%q was not found out, only %q", tc.want, broken)
			} else {
				t.Logf("%.300s", broken[len(broken)-1])
			}
		})
	}
}

func isSync(call string) bool {
	return strings.HasPrefix(call, "fsync(") || strings.HasPrefix(call, "fdatasync(")
}

// hexed is how strace writes a name.
func hexed(name string) string {
	var b strings.Builder
	for i := range len(name) {
		fmt.Fprintf(&b, `\x%02x`, name[i])
	}
	return b.String()
}

package store

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// enrolEnv names the database on which the test binary, started again under
// strace, enrols one phone.
const enrolEnv = "LINESIDE_STORE_ENROL"

// enrol is the child.
func enrol(path string) error {
	s, err := doSteps(path, Config{}, enrolment())
	if err != nil {
		return err
	}
	return s.Close()
}

// doSteps tells of each step once the store has acknowledged it.
func doSteps(path string, cfg Config, steps []step) (*Store, error) {
	s, err := Open(path, testKey(), cfg, Tools{})
	if err != nil {
		return nil, err
	}
	tell := func(n int) error {
		_, err := os.Stdout.WriteString("acknowledged " + strconv.Itoa(n) + "\n")
		return err
	}
	if err := tell(0); err != nil {
		return nil, err
	}
	for i, st := range steps {
		if err := st.do(s); err != nil {
			return nil, fmt.Errorf("%s: %w", st.name, err)
		}
		if err := tell(i + 1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// event is what the child did to the disk, or said.
type event struct {
	kind eventKind
	file int    // of which file: one of the two below
	off  int64  // of a write; the new size of a resize
	data []byte // of a write
	ack  int    // of an acknowledgement
}

type eventKind int

const (
	wrote   eventKind = iota // into the file: on disk after its next flush, before it perhaps
	resized                  // like a write
	made                     // like a write, of the directory
	flushed                  // the file: begins to count when the call has returned
	named                    // the directory was flushed: the files will be found
	acked
)

// The files of a store.
const (
	theDatabase = iota
	theJournal
	fileCount
)

// recordEnrolment runs the child on a new database and gives what it did.
func recordEnrolment(t *testing.T) []event {
	t.Helper()
	return record(t, enrolEnv, filepath.Join(t.TempDir(), "db"))
}

// record runs a child on the database at path and gives what it did, in order.
// The kernel is asked, not the program: what is missing here was not flushed by
// anybody.
func record(t *testing.T, env, path string) []event {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("REQUIRE") != "" {
			t.Fatal("strace is missing; packaging/tools.sh installs it")
		}
		t.Skip("needs strace")
	}
	log := filepath.Join(t.TempDir(), "log")
	// -y names the files, -xx makes names and data unmistakable.
	cmd := exec.Command(strace, "-f", "-y", "-xx", "-s", "16777216", "-o", log,
		"-e", "trace=write,writev,pwrite64,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,fchmod,sync_file_range,msync,rename,renameat,renameat2,unlink,unlinkat",
		os.Args[0])
	cmd.Env = append(os.Environ(), env+"="+path, "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE") == "" && bytes.Contains(out, []byte("PTRACE")) {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("child under strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	events, err := parseTrace(string(text), path)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

var (
	traceCall    = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	traceResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)`)
	traceFile    = regexp.MustCompile(`^(\d+)<([^>]*)>(?:, (.*))?$`)
	traceWrite   = regexp.MustCompile(`^"([^"]*)", (\d+), (\d+)`)
	traceSize    = regexp.MustCompile(`^(\d+)`)
)

// parseTrace reads strace's log. A write may be on disk from when it began, a
// flush counts from when it ended.
func parseTrace(text, path string) ([]event, error) {
	var events []event
	unfinished := map[string]event{} // flushes, by thread
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := traceResumed.FindStringSubmatch(line); m != nil {
			if e, ok := unfinished[m[1]]; ok && m[3] == "0" {
				events = append(events, e)
			}
			delete(unfinished, m[1])
			continue
		}
		m := traceCall.FindStringSubmatch(line)
		if m == nil {
			continue // a signal, or a thread's end
		}
		e, ours, err := parseCall(m[2], m[3], path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m[2], err)
		}
		switch {
		case !ours:
		case e.kind != flushed && e.kind != named:
			events = append(events, e)
		case strings.Contains(line, "<unfinished"):
			unfinished[m[1]] = e
		case strings.HasSuffix(line, "= 0"):
			events = append(events, e)
		}
	}
	return events, nil
}

// parseCall reads one call; ours says that it concerns the database.
func parseCall(name, rest, path string) (e event, ours bool, err error) {
	rest, _, _ = strings.Cut(rest, ") = ")
	rest = strings.TrimSuffix(rest, " <unfinished ...>")
	rest = strings.TrimSuffix(rest, ")")
	m := traceFile.FindStringSubmatch(rest)
	if m == nil {
		return event{}, false, nil // not by an open file: renames and removals of other names
	}
	file, err := unhex(m[2])
	if err != nil {
		return event{}, false, err
	}
	if name == "write" && m[1] == "1" {
		text, _, _ := strings.Cut(strings.TrimPrefix(m[3], `"`), `"`)
		said, err := unhex(text)
		if err != nil {
			return event{}, false, err
		}
		_, err = fmt.Sscanf(string(said), "acknowledged %d", &e.ack)
		e.kind = acked
		return e, true, err
	}
	isSync := name == "fsync" || name == "fdatasync"
	switch string(file) {
	case filepath.Dir(path):
		return event{kind: named}, isSync, nil
	case path:
		e.file = theDatabase
	case journalPath(path):
		e.file = theJournal
	default:
		return event{}, false, nil
	}
	if isSync {
		e.kind = flushed
		return e, true, nil
	}
	switch name {
	case "fchmod": // the first thing done to a journal that was opened or made
		e.kind = made
		return e, e.file == theJournal, nil
	case "pwrite64":
		w := traceWrite.FindStringSubmatch(m[3])
		if w == nil {
			return event{}, false, fmt.Errorf("cannot read %.100q", m[3])
		}
		if e.data, err = unhex(w[1]); err != nil {
			return event{}, false, err
		}
		e.off, err = strconv.ParseInt(w[3], 10, 64)
		if strconv.Itoa(len(e.data)) != w[2] {
			err = fmt.Errorf("%d bytes of %s were logged", len(e.data), w[2])
		}
		return e, true, err
	case "ftruncate":
		e.kind = resized
		e.off, err = strconv.ParseInt(traceSize.FindString(m[3]), 10, 64)
		return e, true, err
	}
	return event{}, false, fmt.Errorf("the database is written in a way this test does not know: %.200s", rest)
}

// unhex reads strace's \x2f\x64\x62.
func unhex(text string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(text, `\x`, "")) }

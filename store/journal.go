package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// journalBytes bounds the lease journal: some ten thousand leases, which the
	// database takes over in one commit of a fraction of a second.
	journalBytes = 4 << 20
	// journalStep is by how much the file grows at a time, in zeros: where a
	// write makes no file longer, its flush has nothing but the data to write.
	journalStep = 256 << 10
)

// journal is the file beside the database that leases are appended to. Once the
// committer runs, it is the committer's alone.
type journal struct {
	path string
	max  int64

	file   *os.File     // nil until it is first written to
	round  round        // zero: none is open, and the next leases go to the database
	seq    uint32       // of the next block
	end    int64        // where that goes
	size   int64        // how much of the file was ever written
	block  []byte       // the one being put together
	room   []byte       // of what goes into it
	behind []netip.Addr // whose leases the database does not have as they are, perhaps twice
}

func journalPath(database string) string { return database + ".leases" }

// takes reports that a round is open and has room for n bytes of leases.
func (j *journal) takes(n int) bool {
	return j.round != round{} && j.end+blockSize(n) <= j.max
}

// ready opens the file, or makes it.
func (j *journal) ready() error {
	if j.file != nil {
		return nil
	}
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = errors.Join(f.Chmod(0o600), syncDir(filepath.Dir(j.path))) // the name must last as well
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, j.size = f, info.Size()
	return nil
}

// begin makes r the round that is appended to, from the file's beginning; the
// zero round closes the journal. The database has all that was appended before.
func (j *journal) begin(r round) {
	j.round, j.seq, j.end, j.behind = r, 0, 0, j.behind[:0]
}

// flush writes the block that was put together, and returns once it is on disk.
// No page that was written before in this round is written again.
func (j *journal) flush(now time.Time) error {
	j.block = j.round.seal(j.block, j.seq, now)
	end := j.end + int64(len(j.block))
	if end > j.max {
		return fmt.Errorf("append to %s: no room for %d bytes", j.path, len(j.block))
	}
	if end > j.size {
		grown := min((end+journalStep-1)/journalStep*journalStep, j.max)
		j.block = append(j.block, make([]byte, grown-end)...)
	}
	if _, err := j.file.WriteAt(j.block, j.end); err != nil {
		return fmt.Errorf("append to %s: %w", j.path, err)
	}
	if err := fdatasync(j.file); err != nil {
		return fmt.Errorf("flush %s: %w", j.path, err)
	}
	j.size = max(j.size, j.end+int64(len(j.block)))
	j.seq, j.end = j.seq+1, end
	return nil
}

// fdatasync flushes what was written, and the file's length where that changed.
func fdatasync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// replay reads what was appended in a round, as far as it is there.
func (j *journal) replay(r round) replayed {
	f, err := os.OpenFile(j.path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return replayed{lost: "it is not there"}
	}
	if err != nil {
		return replayed{lost: err.Error()}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max(j.max, journalBytes)))
	got := r.read(data)
	if err != nil {
		got.lost = err.Error()
	}
	return got
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

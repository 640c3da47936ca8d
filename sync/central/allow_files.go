package central

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/lineside/lineside/health"
)

// AllowFiles are files of the allow-list for other programs, each empty for
// none. They are put in place whole; what reads them is told by its own means
// (a systemd path unit): the platform runs no commands.
type AllowFiles struct {
	// NGINX is to be included in a geo block: "203.0.113.7 1;". It knows no
	// ends, so it is written anew when an entry ends.
	NGINX string
	// NFTables is for nft -f: the sets allow4 and allow6 of the table inet
	// lineside, every element with the time it has left.
	NFTables string
	// Board is where it is said that one cannot be written; nil is nowhere.
	Board *health.Board
}

// Waits of those who serve the list.
const (
	betweenWrites = time.Second
	afterFault    = 10 * time.Second
	// lookAgain bounds every wait: the clock may be put right meanwhile, and
	// until somebody looks the edge lets in whose time is over.
	lookAgain  = 10 * time.Second
	sweepEvery = 10 * time.Minute
)

// CodeAllowFile is the condition that a file of the allow-list is not current.
const CodeAllowFile = "allow-file"

// ServeAllow tells of entries that end, takes out old ones, and keeps the files
// current, at most once a second, until ctx ends.
func (p *Platform) ServeAllow(ctx context.Context, files AllowFiles) error {
	var cursor string
	var swept time.Time
	for {
		now := p.now()
		next := p.allow.expire(now)
		if now.Sub(swept).Abs() >= sweepEvery {
			swept = now
			if err := p.sweepAllow(); err != nil && ctx.Err() == nil {
				p.log.Error("old entries stay in the allow-list", "err", err)
			}
		}
		ranges, newest, news := p.allowRanges()
		if newest == cursor {
			if !rest(ctx, waitFor(next, p.now()), news) {
				return nil
			}
			continue
		}
		pause := betweenWrites
		cursor = newest
		if err := files.write(ranges, now); err != nil {
			cursor, pause = "", afterFault
			p.allowFault(files.Board, err)
		} else if files.Board != nil {
			files.Board.Clear(CodeAllowFile)
		}
		if !rest(ctx, pause, nil) {
			return nil
		}
	}
}

// waitFor is how long to wait for the next entry that ends.
func waitFor(next, now time.Time) time.Duration {
	if next.IsZero() {
		return lookAgain
	}
	return min(max(next.Sub(now), 0), lookAgain)
}

// rest waits, at the longest until something comes; it is false when ctx ended.
func rest(ctx context.Context, d time.Duration, sooner <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-sooner:
	case <-timer.C:
	}
	return true
}

// allowRanges are all ranges, the cursor they stand at, and what is closed when
// that has passed.
func (p *Platform) allowRanges() (ranges []AllowRange, cursor string, news <-chan struct{}) {
	l := p.allow
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.feed.ranges(), l.feed.cursor(), l.feed.news
}

func (p *Platform) allowFault(board *health.Board, err error) {
	p.log.Error("a file of the allow-list is not current", "err", err)
	if board == nil {
		return
	}
	board.Raise(p.now(), health.Condition{
		Code:    CodeAllowFile,
		Title:   "a file of the allow-list cannot be written",
		Meaning: "the last one stays in force where it is read: addresses whitelisted since are asked for a password there, and in nginx those whose time is over are still let in",
		Do:      "make room on the disk, or give the user of lineside-central the right to write in the file's directory; it tries again every 10 seconds",
		Detail:  err.Error(),
	})
}

// write puts the files in place that are not as they should be.
func (f AllowFiles) write(ranges []AllowRange, now time.Time) error {
	var errs []error
	if f.NGINX != "" {
		errs = append(errs, replace(f.NGINX, nginxFile(ranges)))
	}
	if f.NFTables != "" {
		errs = append(errs, replace(f.NFTables, nftFile(ranges, now)))
	}
	return errors.Join(errs...)
}

const fileHead = "# Written by lineside-central; what is changed here is lost.\n"

func nginxFile(ranges []AllowRange) []byte {
	b := bytes.NewBufferString(fileHead)
	for _, r := range ranges {
		_, _ = fmt.Fprintf(b, "%s 1;\n", short(r.Prefix))
	}
	return b.Bytes()
}

// short is a range as both programs read it. nginx 1.22 takes 255.255.255.255
// and refuses 255.255.255.255/32.
func short(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// nftFile declares the sets, empties and fills them: nft -f does all of it at
// once or nothing.
func nftFile(ranges []AllowRange, now time.Time) []byte {
	b := bytes.NewBufferString(fileHead)
	_, _ = fmt.Fprint(b, `table inet lineside {
	set allow4 { type ipv4_addr; flags interval, timeout; }
	set allow6 { type ipv6_addr; flags interval, timeout; }
}
flush set inet lineside allow4
flush set inet lineside allow6
`)
	var sets [2]bytes.Buffer
	for _, r := range disjoint(ranges) {
		set := &sets[family(r.Prefix.Addr())]
		left := r.Until.Sub(now) / time.Second
		switch {
		case r.Permanent:
			_, _ = fmt.Fprintf(set, "\t%s,\n", short(r.Prefix))
		case left > 0:
			_, _ = fmt.Fprintf(set, "\t%s timeout %ds,\n", short(r.Prefix), left)
		}
	}
	for i, name := range []string{"allow4", "allow6"} {
		if sets[i].Len() > 0 { // an empty list of elements is an error
			_, _ = fmt.Fprintf(b, "add element inet lineside %s {\n%s}\n", name, sets[i].Bytes())
		}
	}
	return b.Bytes()
}

// replace puts a file in the place of another of the same name, whole and on
// disk; one with the same text stays, so that nobody reads it again for nothing.
func replace(path string, text []byte) (err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	dir, name := filepath.Split(path)
	next, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	_, err = next.Write(text)
	err = errors.Join(err, next.Chmod(0o640), next.Sync(), next.Close())
	if err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

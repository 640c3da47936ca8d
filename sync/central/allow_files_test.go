package central_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// bubbleLab is a platform within a bubble, whose clock is the bubble's.
func bubbleLab(t *testing.T) *clockLab {
	l := newClockLab(t)
	l.clock = time.Now
	l.again()
	return l
}

// serveAllow runs ServeAllow until the test ends.
func (l *clockLab) serveAllow(files central.AllowFiles) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.p.ServeAllow(ctx, files) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Error(err)
		}
	})
}

func text(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFilesFollow: written at the start, on a change, when an entry ends by
// itself, and at most once a second.
func TestFilesFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bubbleLab(t)
		a := l.site("Berlin")
		path := filepath.Join(t.TempDir(), "allow.geo")
		l.serveAllow(central.AllowFiles{NGINX: path})
		synctest.Wait()
		if got := text(t, path); strings.Contains(got, "1;") || !strings.HasPrefix(got, "# Written") {
			t.Errorf("at the start: got %q, want a comment only", got)
		}
		time.Sleep(time.Minute)
		for i := range 20 {
			l.tell(a, fmt.Sprintf("203.0.113.%d", i%4), wire.KindPIN, 0)
		}
		synctest.Wait()
		first := text(t, path)
		time.Sleep(time.Second)
		synctest.Wait()
		want := "203.0.113.0 1;\n203.0.113.1 1;\n203.0.113.2 1;\n203.0.113.3 1;\n"
		if got := text(t, path); !strings.HasSuffix(got, want) || !strings.Contains(first, "203.0.113.0 1;") {
			t.Errorf("got %q after %q, want %q within a second", got, first, want)
		}
		l.enter("", "198.51.100.0/24", time.Now().Add(9*time.Hour))
		time.Sleep(8*time.Hour + time.Second)
		synctest.Wait()
		if got := text(t, path); strings.Contains(got, "203.0.113") || !strings.Contains(got, "198.51.100.0/24 1;") {
			t.Errorf("after 8 h: got %q, want the entry of 9 h only", got)
		}
	})
}

// TestFileKept: a file that cannot be written stays what it was, its operator
// is told, and it is written as soon as it can be.
func TestFileKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bubbleLab(t)
		a := l.site("Berlin")
		dir := t.TempDir()
		path, away := filepath.Join(dir, "in", "allow.geo"), filepath.Join(dir, "away")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var board health.Board
		l.tell(a, "203.0.113.1", wire.KindPIN, 0)
		l.serveAllow(central.AllowFiles{NGINX: path, Board: &board})
		time.Sleep(2 * time.Second)
		if err := os.Rename(filepath.Dir(path), away); err != nil {
			t.Fatal(err)
		}
		l.tell(a, "203.0.113.2", wire.KindPIN, 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := text(t, filepath.Join(away, "allow.geo")); !strings.HasSuffix(got, "\n203.0.113.1 1;\n") {
			t.Errorf("got %q, want the last one that could be written", got)
		}
		if list := board.List(); len(list) != 1 || list[0].Code != central.CodeAllowFile || !strings.Contains(list[0].Detail, path) {
			t.Errorf("got conditions %+v, want one that names the file", list)
		}
		if err := os.Rename(away, filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got := text(t, path); !strings.HasSuffix(got, "203.0.113.1 1;\n203.0.113.2 1;\n") || len(board.List()) != 0 {
			t.Errorf("got %q and %v, want both addresses and no condition", got, board.List())
		}
		if names, _ := filepath.Glob(filepath.Join(dir, "in", ".*")); len(names) != 0 {
			t.Errorf("left over: %v", names)
		}
	})
}

// TestRealPrograms has nginx and nftables read the files: an empty list, and
// one with ranges within ranges.
func TestRealPrograms(t *testing.T) {
	nginx := netlab.Tool(t, "nginx")
	nft := netlab.Tool(t, "nft")
	host := netlab.New(t).Host("edge", "198.51.100.1/24")
	l := newClockLab(t)
	dir := t.TempDir()
	files := central.AllowFiles{NGINX: filepath.Join(dir, "allow.geo"), NFTables: filepath.Join(dir, "allow.nft")}
	conf := filepath.Join(dir, "nginx.conf")
	err := os.WriteFile(conf, []byte(`pid `+dir+`/pid; error_log stderr; events {}
http { access_log off; geo $lineside { default 0; include `+files.NGINX+`; } }`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if err := l.p.WriteAllow(files); err != nil {
			t.Fatal(err)
		}
		host.Run(10*time.Second, nginx, "-t", "-q", "-c", conf)
		host.Run(10*time.Second, nft, "-c", "-f", files.NFTables)
		host.Run(10*time.Second, nft, "-f", files.NFTables)
	}
	check()
	a := l.site("Berlin")
	l.tell(a, "203.0.113.7", wire.KindPIN, time.Hour)
	l.tell(a, "2a02:8109:1:2::7", wire.KindPIN, 0)
	l.enter("", "203.0.113.0/24", l.now.Add(time.Hour))
	l.enter("", "198.0.0.0/8", l.now.Add(2*time.Hour))
	l.enter("", "198.51.0.0/16", l.now.Add(time.Hour))
	l.enter("", "198.51.100.9", time.Time{})
	l.enter("", "0.0.0.0/8", time.Time{})
	l.enter("", "255.255.255.255", time.Time{})
	l.enter("", "2a02:8109:1::/48", l.now.Add(300*24*time.Hour))
	check()
	check()
	has := func(set, address string) string { // it shows no times of ranges
		out, _ := host.Try(10*time.Second, nft, "get", "element", "inet", "lineside", set, "{ "+address+" }")
		return out
	}
	for _, c := range []struct{ set, address string }{
		{"allow4", "203.0.113.7"}, {"allow4", "203.0.113.8"}, {"allow4", "198.51.100.9"}, {"allow4", "198.51.100.8"}, {"allow4", "198.0.0.1"},
		{"allow4", "0.1.2.3"}, {"allow4", "255.255.255.255"}, {"allow6", "2a02:8109:1:2::99"},
	} {
		if got := has(c.set, c.address); !strings.Contains(got, "elements") {
			t.Errorf("%s: nftables says %q, want it in %s", c.address, got, c.set)
		}
	}
	sets := host.Run(10*time.Second, nft, "list", "table", "inet", "lineside")
	for _, want := range []string{"203.0.113.7 timeout 7h ", "203.0.113.8/29 timeout 1h ", "198.0.0.0/11 timeout 2h ", "198.51.100.9,", "2a02:8109:1::/48 timeout 300d "} {
		if !strings.Contains(sets, want) {
			t.Errorf("got %s, want %q in it", sets, want)
		}
	}
	for set, address := range map[string]string{"allow4": "203.0.114.1", "allow6": "2a02:8109:2::1"} {
		if got := has(set, address); strings.Contains(got, "elements") {
			t.Errorf("%s: nftables says %q, want nothing", address, got)
		}
	}
	for _, e := range []string{"0.0.0.0/8", "255.255.255.255/32", "198.51.100.9/32"} {
		if err := l.p.As("ops").RemoveEntry("", netip.MustParsePrefix(e)); err != nil {
			t.Fatal(err)
		}
	}
	check()
	if got := has("allow4", "255.255.255.255"); strings.Contains(got, "elements") {
		t.Errorf("an entry taken out is still in the set: %q", got)
	}
}

// TestDisjoint: cut up for nftables, ranges allow the same addresses for as
// long as before, and none holds another.
func TestDisjoint(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		held := map[netip.Prefix]central.AllowRange{}
		for range rapid.IntRange(0, 8).Draw(r, "ranges") {
			a := netip.AddrFrom4([4]byte{203, 0, rapid.Byte().Draw(r, "c") & 3, rapid.Byte().Draw(r, "d")})
			p, _ := a.Prefix(rapid.IntRange(20, 32).Draw(r, "bits"))
			e := central.AllowRange{Prefix: p, Until: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "hours")) * time.Hour)}
			if e.Until.Equal(noon) {
				e = central.AllowRange{Prefix: p, Permanent: true}
			}
			held[p] = e
		}
		in := slices.SortedFunc(maps.Values(held), func(a, b central.AllowRange) int { return a.Prefix.Compare(b.Prefix) })
		out := central.Disjoint(in)
		for range 50 {
			a := netip.AddrFrom4([4]byte{203, 0, rapid.Byte().Draw(r, "c") & 7, rapid.Byte().Draw(r, "d")})
			want, _ := lasts(in, a)
			got, n := lasts(out, a)
			if got != want || n > 1 {
				r.Fatalf("%s: allowed until %v by %d ranges, want %v by one; %v became %v", a, got, n, want, in, out)
			}
		}
	})
}

// lasts is for how long an address is allowed, and by how many ranges.
func lasts(list []central.AllowRange, a netip.Addr) (best central.AllowRange, n int) {
	for _, r := range list {
		if !r.Prefix.Contains(a) {
			continue
		}
		if n++; r.Permanent || !best.Permanent && r.Until.After(best.Until) {
			best = central.AllowRange{Until: r.Until, Permanent: r.Permanent}
		}
	}
	return best, n
}

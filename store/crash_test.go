package store

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// childEnv names the database the test binary, started again, works on.
const childEnv = "LINESIDE_STORE_CHILD"

func TestMain(m *testing.M) {
	for env, work := range map[string]func(string) error{childEnv: child, enrolEnv: enrol, leasesEnv: giveLeases, againEnv: giveMore, rotateEnv: rotateChild} {
		path := os.Getenv(env)
		if path == "" {
			continue
		}
		if err := work(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const childWriters = 4

// ack is what one writer of the child was last told.
type ack struct {
	epoch      uint32 // raised by each change
	generation uint64 // last one-time password consumed
	rev        uint64
	lease      int64 // its lease's end, Unix seconds
}

// child changes one device and one lease per writer for ever, and makes copies
// beside it. After each answer it writes the acknowledgement to its output:
// one write of less than a pipe's atomic size.
func child(path string) error {
	s, err := Open(path, testKey(), Config{AuditKeep: 500}, Tools{})
	if err != nil {
		return err
	}
	if r := s.Report(); r != (Report{}) {
		return fmt.Errorf("report %+v", r)
	}
	failed := make(chan error)
	for w := range childWriters {
		go func() {
			for {
				if err := childChange(s, w); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	go func() {
		for {
			if err := s.KeepGood(context.Background()); err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

// childChange consumes the armed one-time password, or arms the next.
func childChange(s *Store, w int) error {
	mac := testMAC(w)
	recs, err := s.Change(context.Background(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			old = testRecord(w)
		}
		old.Enrolment.Epoch++
		event := audit.Event(audit.OTPAllowed{Generation: old.Enrolment.OTP.Generation + 1})
		if otp := &old.Enrolment.OTP; otp.Used {
			otp.Generation, otp.Used = otp.Generation+1, false
		} else {
			otp.Used = true
			event = audit.OTPConsumed{Generation: otp.Generation}
		}
		return &old, []audit.Record{{MAC: mac, Event: event}}, nil
	}, mac)
	if err != nil {
		return err
	}
	e := recs[0].Enrolment
	consumed := e.OTP.Generation
	if !e.OTP.Used {
		consumed--
	}
	lease := childLease(w, int64(e.Epoch))
	if err := s.SaveLeases(context.Background(), []phone.Lease{lease}); err != nil {
		return err
	}
	_, err = fmt.Printf("%d %d %d %d %d\n", w, e.Epoch, consumed, recs[0].Rev, lease.Expires.Unix())
	return err
}

func childLease(w int, n int64) phone.Lease {
	return phone.Lease{Addr: childAddr(w), MAC: testMAC(w), State: phone.Bound, Expires: time.Unix(n, 0)}
}

func childAddr(w int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(w + 1)}) }

// TestKilledAtAnyMoment kills the child again and again in the middle of its
// work. Whatever it was told before is there afterwards, the audit log has no
// gap, and no one-time password once consumed is armed again. What a disk
// loses with its power a kill cannot show; TestPowerCutAtAnyWrite does.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	path := filepath.Join(t.TempDir(), "db")
	random := rand.New(rand.NewPCG(1, 2))
	last := make([]ack, childWriters)
	total := 0
	for kill := range kills {
		n := killChild(t, path, 1+random.IntN(80), last)
		total += n
		checkKilled(t, path, last)
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	t.Logf("%d kills, %d acknowledged changes", kills, total)
}

// killChild lets the child acknowledge so many changes, kills it, and reads
// what it had still said.
func killChild(t *testing.T, path string, after int, last []ack) (n int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		var w int
		var a ack
		if _, err := fmt.Sscan(line, &w, &a.epoch, &a.generation, &a.rev, &a.lease); err != nil {
			t.Errorf("child said %q: %v", line, err)
			break
		}
		last[w] = a
		if n++; n == after {
			once.Do(func() { _ = cmd.Process.Kill() })
		}
	}
	once.Do(func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // killed: always an error
	if n < after {
		t.Errorf("the child ended by itself after %d changes", n)
	}
	return n
}

func checkKilled(t *testing.T, path string, last []ack) {
	t.Helper()
	s := openTest(t, path, Config{AuditKeep: 500})
	if r := s.Report(); r != (Report{}) {
		t.Errorf("report %+v, want none: a kill does no damage", r)
	}
	for w, a := range last {
		if a.epoch == 0 {
			continue
		}
		rec, err := s.Device(testMAC(w))
		if err != nil {
			t.Error(err)
			continue
		}
		otp := rec.Enrolment.OTP
		if rec.Enrolment.Epoch < a.epoch || rec.Rev < a.rev {
			t.Errorf("writer %d: epoch %d, rev %d on disk, %d and %d acknowledged", w, rec.Enrolment.Epoch, rec.Rev, a.epoch, a.rev)
		}
		if otp.Generation < a.generation || otp.Generation == a.generation && !otp.Used {
			t.Errorf("writer %d: generation %d is armed, %d was consumed", w, otp.Generation, a.generation)
		}
		if l, ok := s.LeaseOf(childAddr(w)); !ok || l.Expires.Unix() < a.lease {
			t.Errorf("writer %d: lease %+v on disk, %d acknowledged", w, l, a.lease)
		}
	}
	checkConsumedOnce(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// checkConsumedOnce reads the audit log: no gap in it, and no generation of a
// device consumed twice.
func checkConsumedOnce(t *testing.T, s *Store) {
	t.Helper()
	log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	consumed := map[string]bool{}
	for i, e := range log {
		if e.Seq != log[0].Seq+uint64(i) {
			t.Errorf("audit entry %d after %d", e.Seq, log[i-1].Seq)
		}
		if e.Kind != "otp-consumed" {
			continue
		}
		what := e.MAC.String() + string(e.What)
		if consumed[what] {
			t.Errorf("consumed twice: %s", what)
		}
		consumed[what] = true
	}
}

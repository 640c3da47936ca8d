package broker_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// fleet is what the process of the boxes is told.
type fleet struct {
	Addr  string
	Pin   string
	Boxes []member
}

type member struct{ ID, Seed string }

// fleetEnv makes a test process one of boxes.
const fleetEnv = "LINESIDE_TEST_FLEET"

// TestMain lets this program be the boxes of another one.
func TestMain(m *testing.M) {
	if os.Getenv(fleetEnv) != "" {
		beFleet()
		return
	}
	os.Exit(m.Run())
}

// beFleet connects every box and keeps it until there is nothing more to read.
func beFleet() {
	var f fleet
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &f)
	}
	pin, _ := hex.DecodeString(f.Pin)
	for _, b := range f.Boxes {
		if err != nil {
			break
		}
		var key site.NKey
		if key, err = site.ParseNKey([]byte(b.Seed)); err == nil {
			via := &site.NATS{URL: &url.URL{Scheme: "tls", Host: f.Addr}, Site: b.ID, Key: key, TLS: wire.PinnedTLS(pin, loopback)}
			_, err = via.Dial(context.Background())
		}
	}
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	_, _ = os.Stdout.WriteString("all\n")
	_, _ = in.ReadBytes('\n')
}

// BenchmarkConnected is what a connected site costs the platform's process:
// bytes of its memory, TLS and all, and how long it takes to let a box in.
func BenchmarkConnected(b *testing.B) {
	const boxes = 1000
	for b.Loop() {
		l := newLab(b, nil)
		f := fleet{Addr: l.at.NATS, Pin: hex.EncodeToString(l.pin)}
		for range boxes {
			box := l.newBox("site")
			seed, err := box.nkey.Bytes()
			if err != nil {
				b.Fatal(err)
			}
			f.Boxes = append(f.Boxes, member{box.id, string(seed)})
		}
		before := resident(b)
		began := time.Now()
		end := runFleet(b, f)
		took := time.Since(began)
		b.ReportMetric(float64(resident(b)-before)/boxes, "B/site")
		b.ReportMetric(took.Seconds()*1e6/boxes, "µs/connection")
		end()
		l.stop()
	}
}

// runFleet starts the process of the boxes and waits for all to be connected.
func runFleet(b *testing.B, f fleet) (end func()) {
	b.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fleetEnv+"=1")
	in, errIn := c.StdinPipe()
	out, errOut := c.StdoutPipe()
	if errIn != nil || errOut != nil {
		b.Fatal(errIn, errOut)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	_, _ = in.Write(append(text, '\n'))
	if said, _ := bufio.NewReader(out).ReadString('\n'); said != "all\n" {
		b.Fatalf("the boxes say %q, want all connected", said)
	}
	return func() {
		_ = in.Close()
		_ = c.Wait()
	}
}

// resident is the process's memory after all garbage is gone.
func resident(b *testing.B) int {
	b.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("needs Linux's /proc")
	}
	lines := bytes.Split(text, []byte("\n"))
	i := slices.IndexFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte("VmRSS:")) })
	kb, err := strconv.Atoi(string(bytes.Fields(lines[i])[1]))
	if err != nil {
		b.Fatal(err)
	}
	return kb << 10
}

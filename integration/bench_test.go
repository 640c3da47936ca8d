package integration

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// manyDevices is the fleet the box is measured with.
const manyDevices = 10_000

// loadedBox is a box with manyDevices set up under policy otp.
func loadedBox(b *testing.B) *box {
	b.Helper()
	self := fmt.Sprintf("127.%d.0.1", 32+os.Getpid()%90)
	box := newBox(b, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".64.255", 1), "otp", loopbackPorts)
	box.start(b)
	var file bytes.Buffer
	file.WriteString("vendor,type,mac,label,registrar,user,password\n")
	for i := range manyDevices {
		fmt.Fprintf(&file, "yealink,T46G,%s,Desk %d,sip.example.net,%d,fake-sip-%d\n", benchMAC(i), i, 1000+i, i)
	}
	got, err := box.client.Import(b.Context(), file.Bytes())
	if err != nil || got.Added != manyDevices {
		b.Fatalf("import: got %+v, %v", got, err)
	}
	if _, err := box.client.SetOTP(b.Context(), "yealink", benchOTP); err != nil {
		b.Fatal(err)
	}
	return box
}

func benchMAC(i int) phone.MAC { return phone.MAC{0x00, 0x15, 0x65, 0x80, byte(i >> 8), byte(i)} }

// BenchmarkStart restarts the program with 10,000 devices: how long until it
// answers, of that processor time, how much memory it has by then, and how much
// once it has given back what only the start needed.
func BenchmarkStart(b *testing.B) {
	box := loadedBox(b)
	var spent time.Duration
	for b.Loop() {
		box.kill()
		box.start(b)
		spent += processorTime(b, box.cmd.Process.Pid)
	}
	pid := box.cmd.Process.Pid
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
	b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "cpu-ms/start")
	most := residentKiB(b, pid)
	b.ReportMetric(float64(most)/1024, "MiB-at-start")
	least := most
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		least = min(least, residentKiB(b, pid))
	}
	b.ReportMetric(float64(least)/1024, "MiB-resident")
}

// processorTime is what a process has used so far, user and system, in the
// kernel's ticks of 10 ms (proc_pid_stat(5)).
func processorTime(b testing.TB, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(after)
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func residentKiB(b testing.TB, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(v)[0])
			return n
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// BenchmarkConfig fetches rendered full configs over HTTP with Digest from the
// program, each phone with its own login, and in the same run the same bytes
// from net/http's own file server without a password.
func BenchmarkConfig(b *testing.B) {
	box := loadedBox(b)
	const phones = 64
	clients := make([]http.RoundTripper, phones)
	var body []byte
	for i := range clients {
		file := benchMAC(i).Hex() + ".cfg"
		status, full, err := box.fetch(b.Context(), box.self.String(), file, "curl/8", benchOTP.User, benchOTP.Password)
		m := desks()[0].login.FindStringSubmatch(full)
		if err != nil || status != 200 || m == nil {
			b.Fatalf("enrol: got %d, %v", status, err)
		}
		body = []byte(full)
		clients[i] = &digest.Transport{Username: m[1], Password: m[2], Transport: &http.Transport{DisableCompression: true}}
	}
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.cfg", time.Time{}, bytes.NewReader(body))
	}))
	defer peer.Close()
	static := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: phones}
	var ours, theirs float64
	b.Run("lineside", func(b *testing.B) {
		ours = hammer(b, func(n int) (http.RoundTripper, string) {
			return clients[n%phones], box.url(benchMAC(n%phones).Hex() + ".cfg")
		})
	})
	b.Run("static-file", func(b *testing.B) {
		theirs = hammer(b, func(int) (http.RoundTripper, string) { return static, peer.URL })
		b.ReportMetric(ours/theirs, "of-static")
	})
}

// hammer fetches from as many goroutines as there are processors, and gives
// fetches a second.
func hammer(b *testing.B, pick func(n int) (http.RoundTripper, string)) float64 {
	b.Helper()
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		n := int(next.Add(1))
		rt, url := pick(n)
		for pb.Next() {
			if err := get(rt, url); err != nil {
				b.Error(err)
				return
			}
		}
	})
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "configs/s")
	return rate
}

func get(rt http.RoundTripper, url string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}

// benchOTP is the brand OTP of the measured fleet.
var benchOTP = admin.OTPInput{User: "install", Password: "fake-brand-otp"}

package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// whatIsHeard records calls on the phone's side and compares.
func whatIsHeard(t *testing.T, c *callTable) {
	l := newPINLab(t)
	l.runCases(t, c, []callCase{
		{"the prompt's bytes", "sipp, own recorder", func(t *testing.T, l *sipLab) string {
			l.account(t)
			want, ear := prompt(t, "ask"), l.listens(t, nil)
			steps := pause(time.Duration(len(want)/8+500)*time.Millisecond) + relayed(3, l.pin(t)+"#")
			l.calls(t, sippCall(t, "*89", steps), ear)
			if got := ear.heard(); !bytes.HasPrefix(got, want) {
				t.Errorf("heard %d bytes that do not begin with the %d of the prompt", len(got), len(want))
			}
			return fmt.Sprintf("all %d bytes of ask.ulaw, none other before them", len(want))
		}},
		{"barge-in", "sipp, own recorder", func(t *testing.T, l *sipLab) string {
			l.account(t)
			want, ear, pin := prompt(t, "ask"), l.listens(t, nil), l.pin(t)
			steps := pause(time.Second) + relayed(3, pin[:1]) + pause(2*time.Second) + relayed(4, pin[1:]+"#")
			l.calls(t, sippCall(t, "*89", steps), ear)
			got, n := ear.heard(), 0
			for n < min(len(got), len(want)) && got[n] == want[n] {
				n++
			}
			if n < 4000 || n > len(want)/2 {
				t.Errorf("heard the prompt's first %d bytes of %d, want it cut off after a second", n, len(want))
			}
			return fmt.Sprintf("the prompt stopped after %d ms of %d, the PIN was right", n/8, len(want)/8)
		}},
		{"the prompt's sound", "baresip's recording", func(t *testing.T, l *sipLab) string {
			soft := l.softphone(t, "udp", "")
			soft.dial()
			want := prompt(t, "ask")
			l.until(t, "whole prompt in the recording", func() bool {
				kept, err := os.Stat(recording(t, soft.dumps))
				return err == nil && kept.Size() > int64(2*len(want)+4000)
			})
			soft.types(l.pin(t) + "#")
			soft.wait("CALL_CLOSED")
			soft.proc.Stop()
			return wantSound(t, soft.dumps, want)
		}},
		{"112 typed in the PIN call", "sipp, own recorder", func(t *testing.T, l *sipLab) string {
			l.account(t)
			said := bytes.Repeat([]byte{0x55, 0xd5}, 80) // no prompt has it
			ear := l.listens(t, said)
			l.calls(t, hangingUp(t, "*89", pause(time.Second)+relayed(3, "112#")+pause(9*time.Second), 7), ear)
			call := l.audited(t, 0)
			if call.Number != "112" || call.Outcome != "answered" || call.SBC != secondAt {
				t.Errorf("audit: got %+v, want 112 answered by %s", call, secondAt)
			}
			if !bytes.Contains(ear.heard(), said) {
				t.Error("the SBC echoes, and what was said did not come back")
			}
			return fmt.Sprintf("answered by %s, sound both ways through the box", call.SBC)
		}},
	})
}

// prompt is the bytes of one.
func prompt(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open("../voice/prompts/en/" + name + ".ulaw.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// calls runs a scenario of sipp whose sound is the ear's.
func (l *sipLab) calls(t *testing.T, file string, e *ear) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	file = scenario(t, strings.ReplaceAll(string(text), "m=audio [media_port]", fmt.Sprint("m=audio ", e.port)))
	if out, err := l.sipp(file, 101); err != nil {
		t.Errorf("%v\n%s", err, tail(out))
	}
}

// ear keeps what a phone is sent, and says something all the while.
type ear struct {
	conn *net.UDPConn
	port uint16
	done sync.WaitGroup
	all  []byte
}

func (l *sipLab) listens(t *testing.T, says []byte) *ear {
	t.Helper()
	e := &ear{conn: l.open(t, 0)}
	e.port = e.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	from := make(chan netip.AddrPort, 1)
	e.done.Go(func() { e.listen(from) })
	if says != nil {
		e.done.Go(func() { e.say(says, from) })
	}
	return e
}

func (e *ear) listen(from chan<- netip.AddrPort) {
	defer close(from)
	b := make([]byte, 2048)
	for {
		n, addr, err := e.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		e.all = append(e.all, b[min(n, 12):n]...)
		select {
		case from <- addr:
		default:
		}
	}
}

// say sends a packet every 20 ms to where the other side's come from.
func (e *ear) say(payload []byte, from <-chan netip.AddrPort) {
	to, ok := <-from
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for number := uint16(1); ok; number++ {
		b := binary.BigEndian.AppendUint16([]byte{0x80, 0}, number)
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, uint32(number)*160), 77)
		if _, err := e.conn.WriteToUDPAddrPort(append(b, payload...), to); err != nil {
			return
		}
		<-tick.C
	}
}

// heard ends the listening and gives all of it.
func (e *ear) heard() []byte {
	_ = e.conn.Close()
	e.done.Wait()
	return e.all
}

// wantSound looks for a prompt in what baresip wrote down, which is linear.
func wantSound(t *testing.T, dir string, prompt []byte) string {
	t.Helper()
	got, err := os.ReadFile(recording(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, len(got[44:])/2)
	if _, err := binary.Decode(got[44:], binary.LittleEndian, samples); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(samples))
	for i, v := range samples {
		back[i] = muLaw(int(v))
	}
	at := bytes.Index(back, prompt)
	if at < 0 {
		t.Errorf("the recording of %d samples does not hold the prompt's %d", len(back), len(prompt))
	}
	return fmt.Sprintf("its WAV file holds ask.ulaw's %d samples, from sample %d on", len(prompt), at)
}

// recording is the file of what baresip heard.
func recording(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "dump-*-dec.wav"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got recordings %q, %v, want one", files, err)
	}
	return files[0]
}

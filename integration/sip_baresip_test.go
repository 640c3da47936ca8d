package integration

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// pinsByBaresip: a softphone registers, calls the hotline and types, over each
// transport; then it is told to fetch, and the next fetch is the full config.
func pinsByBaresip(t *testing.T, c *callTable) {
	netlab.Tool(t, "baresip")
	l := newSIPLab(t)
	l.settings(t, "[listen]\n", "[listen]\nsips = \":5061\"\n")
	l.answers(l.second, secondAt)
	l.start(t)
	l.tested(t)
	right := func(transport string, wrong int) func(*testing.T, *sipLab) string {
		return func(t *testing.T, l *sipLab) string {
			pin, keys := l.pin(t), ""
			for i := range wrong {
				keys += other(pin, i+1) + "#"
			}
			soft := l.softphone(t, transport, "")
			soft.dial()
			soft.types(keys + pin + "#")
			soft.wait("CALL_CLOSED")
			l.wantStep(t, "right PIN")
			told := l.wantStep(t, "was told to fetch")
			l.wantFull(t)
			return told + "; then the full config"
		}
	}
	l.runCases(t, c, []callCase{
		{"register", "baresip", func(t *testing.T, l *sipLab) string {
			l.softphone(t, "udp", "")
			return l.wantStep(t, "registered with the box")
		}},
		{"RFC 4733, payload type 101", "baresip", right("udp", 0)},
		{"wrong, wrong, right", "baresip", right("udp", 2)},
		{"by TCP", "baresip", right("tcp", 0)},
		{"by TLS", "baresip", right("tls", 0)},
		{"in band", "baresip", func(t *testing.T, l *sipLab) string {
			pin := l.pin(t)
			sound := filepath.Join(t.TempDir(), "keys.wav")
			if err := os.WriteFile(sound, wav(append(make([]int16, 8000), toneSamples(pin+"#")...)), 0o600); err != nil {
				t.Fatal(err)
			}
			soft := l.softphone(t, "udp", sound)
			soft.dial()
			soft.wait("CALL_CLOSED")
			l.wantStep(t, "right PIN")
			l.wantFull(t)
			return "right PIN from the tones of a WAV file, then the full config"
		}},
		{"three wrong", "baresip", func(t *testing.T, l *sipLab) string {
			pin := l.pin(t)
			soft := l.softphone(t, "udp", "")
			soft.dial()
			soft.types(other(pin, 1) + "#" + other(pin, 2) + "#" + other(pin, 3) + "#")
			soft.wait("CALL_CLOSED")
			if state := l.state(t); state != "failed" {
				t.Errorf("got state %q, want failed", state)
			}
			return "hung up, state failed"
		}},
		{"silence", "baresip", func(t *testing.T, l *sipLab) string {
			soft := l.softphone(t, "udp", "")
			soft.dial()
			soft.wait("CALL_CLOSED")
			if state := l.state(t); state != "needed" {
				t.Errorf("got state %q, want needed", state)
			}
			return "hung up, state still needed"
		}},
	})
}

// wav is 16-bit mono sound at 8 kHz as a file.
func wav(samples []int16) []byte {
	data, _ := binary.Append(nil, binary.LittleEndian, samples)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	b = binary.LittleEndian.AppendUint32(append(b, "WAVEfmt "...), 16)
	b, _ = binary.Append(b, binary.LittleEndian, [4]uint16{1, 1, 8000, 0}) // PCM, mono, and the rate's low and high half
	b, _ = binary.Append(b, binary.LittleEndian, [4]uint16{16000, 0, 2, 16})
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(data)))
	return append(b, data...)
}

// softphone is a baresip that takes commands.
type softphone struct {
	t       *testing.T
	proc    *netlab.Process
	control net.Conn
	heard   chan string
	calls   string // what it dials
	dumps   string // the folder its sound is kept in
}

// softphone starts a baresip with the phone's account, and waits until it is
// registered. sound is a WAV file it says in its calls, empty for silence.
func (l *sipLab) softphone(t *testing.T, transport, sound string) *softphone {
	t.Helper()
	l.account(t)
	dir := t.TempDir()
	l.baresip(t, dir, transport, sound)
	s := &softphone{t: t, proc: l.phone.Start("baresip", "-f", dir), heard: make(chan string, 1024), dumps: dir,
		calls: "sip:*89@" + boxAt + map[string]string{"udp": "", "tcp": ";transport=tcp", "tls": ":5061;transport=tls"}[transport]}
	t.Cleanup(s.proc.Stop)
	l.wantStep(t, "registered with the box")
	l.until(t, "baresip that takes commands", func() bool {
		_ = l.phone.Do(func() error {
			c, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4444})
			if err == nil {
				s.control = c
			}
			return err
		})
		return s.control != nil
	})
	t.Cleanup(func() { _ = s.control.Close() })
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := s.control.Read(b)
			if err != nil {
				close(s.heard)
				return
			}
			s.heard <- string(b[:n])
		}
	}()
	return s
}

// command sends one, as a netstring of JSON.
func (s *softphone) command(verb, params string) {
	s.t.Helper()
	text := fmt.Sprintf(`{"command":%q,"params":%q,"token":"t"}`, verb, params)
	if _, err := fmt.Fprintf(s.control, "%d:%s,", len(text), text); err != nil {
		s.t.Fatal(err)
	}
}

// dial calls the hotline, until it is answered.
func (s *softphone) dial() {
	s.t.Helper()
	s.command("dial", s.calls)
	s.wait("CALL_ESTABLISHED")
}

// types presses keys at a person's pace.
func (s *softphone) types(keys string) {
	s.t.Helper()
	pace := time.NewTicker(250 * time.Millisecond)
	defer pace.Stop()
	for _, key := range keys {
		<-pace.C
		s.command("sndcode", string(key))
		s.command("sndcode", "\x04") // the key is let go
	}
}

// wait waits for an event.
func (s *softphone) wait(text string) {
	s.t.Helper()
	for end := time.After(2 * sipWait); ; {
		select {
		case got, open := <-s.heard:
			if !open {
				s.t.Fatalf("baresip is gone:\n%s", tail(s.proc.Output()))
			}
			if strings.Contains(got, text) {
				return
			}
		case <-end:
			s.t.Fatalf("baresip never said %s:\n%s", text, tail(s.proc.Output()))
		}
	}
}

// baresip writes its settings: no sound card, G.711, one account. What it hears
// and says is kept as WAV files.
func (l *sipLab) baresip(t *testing.T, dir, transport, sound string) {
	t.Helper()
	source := "aubridge,nil"
	if sound != "" {
		source = "aufile," + sound
	}
	server := map[string]string{"udp": "", "tcp": "", "tls": ":5061"}[transport]
	for name, text := range map[string]string{
		"config": `module_path /usr/lib/baresip/modules
module g711.so
module_tmp uuid.so
module_tmp account.so
module_app auloop.so
module_app menu.so
module ctrl_tcp.so
module aubridge.so
module aufile.so
module sndfile.so
snd_path ` + dir + `
ctrl_tcp_listen 127.0.0.1:4444
audio_player aubridge,nil
audio_source ` + source + `
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
sip_listen ` + l.at + `:5060
net_interface eth0
`,
		"accounts": fmt.Sprintf("<sip:%[1]s@%[4]s%[5]s;transport=%[3]s>;auth_user=%[1]s;auth_pass=%[2]s;regint=60\n", l.user, l.password, transport, boxAt, server),
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// TestPINByBaresip: a softphone registers, is called to the hotline by its own
// command, types a wrong PIN and then the right one by RFC 4733 over the prompt
// (barge-in), and is hung up.
func TestPINByBaresip(t *testing.T) {
	netlab.Tool(t, "baresip")
	l := newSIPLab(t)
	sbc := l.sbc.Start("sipp", "-sn", "uas", "-i", "10.77.0.9", "-p", "5060", "-nostdin", "-aa")
	defer sbc.Stop()
	l.start(t)
	l.setUp(t)
	pin := l.anew(t)
	soft := l.phone.Start("baresip", "-f", l.baresip(t))
	defer soft.Stop()
	l.wantStep(t, "registered with the box")
	var control net.Conn
	for end := time.Now().Add(sipWait); control == nil; {
		_ = l.phone.Do(func() (err error) {
			control, err = net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4444})
			if err != nil {
				control = nil
			}
			return err
		})
		if control == nil && time.Now().After(end) {
			t.Fatalf("baresip takes no commands:\n%s", tail(soft.Output()))
		}
	}
	defer func() { _ = control.Close() }()
	heard := make(chan string, 1024)
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := control.Read(b)
			if err != nil {
				close(heard)
				return
			}
			heard <- string(b[:n])
		}
	}()
	command := func(verb, params string) {
		text := fmt.Sprintf(`{"command":%q,"params":%q,"token":"t"}`, verb, params)
		if _, err := fmt.Fprintf(control, "%d:%s,", len(text), text); err != nil {
			t.Fatal(err)
		}
	}
	wait := func(text string) {
		t.Helper()
		for end := time.After(2 * sipWait); ; {
			select {
			case got, open := <-heard:
				if !open {
					t.Fatalf("baresip is gone:\n%s", tail(soft.Output()))
				}
				if strings.Contains(got, text) {
					return
				}
			case <-end:
				t.Fatalf("baresip never said %s:\n%s", text, tail(soft.Output()))
			}
		}
	}
	command("dial", "sip:*89@10.77.0.1")
	wait("CALL_ESTABLISHED")
	pace := time.NewTicker(250 * time.Millisecond)
	defer pace.Stop()
	for _, key := range other(pin, 1) + "#" + pin + "#" {
		<-pace.C
		command("sndcode", string(key))
		command("sndcode", "\x04") // the key is let go
	}
	wait("CALL_CLOSED")
	l.wantStep(t, "right PIN")
	l.wantFull(t)
}

// baresip writes its settings: no sound card, G.711, one account.
func (l *sipLab) baresip(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config": `module_path /usr/lib/baresip/modules
module g711.so
module_tmp uuid.so
module_tmp account.so
module_app auloop.so
module_app menu.so
module ctrl_tcp.so
module aubridge.so
ctrl_tcp_listen 127.0.0.1:4444
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
sip_listen 10.77.0.60:5060
net_interface eth0
`,
		"accounts": fmt.Sprintf("<sip:%[1]s@10.77.0.1;transport=udp>;auth_user=%[1]s;auth_pass=%[2]s;regint=60\n", l.user, l.password),
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

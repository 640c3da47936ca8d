package provision_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestFolderItself: a SmartNode that asks for what option 66 says as it stands
// is given what its own file has, after the same proof, and nobody else anything.
func TestFolderItself(t *testing.T) {
	l, macs := shop(t)
	mac := macs["patton"]
	agent := func(m phone.MAC) string {
		return fmt.Sprintf("SmartNode (Model:SN4112/JS; Serial:%s; Software Version:R6.2 2012-09-11)", m.Hex())
	}
	l.lease("10.20.0.57", mac)
	ask := func(file, agent string, attempt *provision.Attempt) provision.Answer {
		t.Helper()
		a, err := l.Fetch(t.Context(), provision.Ask{
			Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: file, Agent: agent, Attempt: attempt,
		})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	own := func() *provision.Attempt { return digestOf("own-0000000001", "fake-own") }
	want := ask(mac.Hex()+".cfg", agent(mac), own())
	if want.Status != provision.Content || !bytes.HasPrefix(want.Body, []byte("cli version")) {
		t.Fatalf("its own file: got %v and %.40q", want.Status, want.Body)
	}
	if got := ask("", agent(mac), own()); got.Status != provision.Content || !bytes.Equal(got.Body, want.Body) {
		t.Errorf("with its login: got %v and %.40q, want its own file", got.Status, got.Body)
	}
	if got := ask("", agent(mac), nil); got.Status != provision.Challenge {
		t.Errorf("without proof: got %v, want a challenge", got.Status)
	}
	for name, text := range map[string]string{
		"another phone's User-Agent": "Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37", "none": "",
		"a SmartNode without a serial": "SmartNode (Model:SN4112/JS; Serial:none)",
	} {
		if got := ask("", text, own()); got.Status != ask("nosuch.file", "", nil).Status || len(got.Body) != 0 {
			t.Errorf("%s: got %v and %d bytes, want nothing", name, got.Status, len(got.Body))
		}
	}
}

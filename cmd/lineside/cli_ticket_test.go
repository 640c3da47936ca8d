package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

func TestTicketVerbs(t *testing.T) {
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	o.does("", 0, "", "device", "add", mac, "--model", "T46G", "--label", "Attic")
	o.does("", 0, "no tickets; make one with: lineside otp ticket MAC", "otp", "tickets")
	o.does("", 0, mac+`: user \d{6}, password \d{12} \(shown this once\), good .*→ connect the phone`, "otp", "ticket", mac, "--hours", "24", "--approval")
	o.does("", 0, mac+` +generated +- .* yealink +- +- +- +Attic`, "otp", "tickets")
	o.does("", 1, "no phone has shown it yet.*→.*lineside otp tickets", "otp", "approve", mac)
	o.does("", 1, "no phone has shown it yet", "otp", "reject", mac, "--reason", "not ours")
	o.does("", 2, `--reason "not our phone"`, "otp", "reject", mac)
	o.does("", 0, `ticket +generated until .*\n`, "device", "show", mac)
	o.does("", 0, "ticket revoked", "otp", "revoke", mac)
	o.does("", 0, `ticket +revoked\n`, "device", "show", mac)
	o.does("", 1, "it is revoked", "otp", "revoke", mac)
	o.does("", 1, "1 to 336", "otp", "ticket", mac, "--hours", "337")
	o.does("", 2, "1 to 336", "otp", "ticket", mac, "--hours", "0")
	o.does("", 0, mac+": a ticket is demanded of it: nothing else lets it in.*make one: lineside otp ticket "+mac, "otp", "demand", mac, "yes")
	o.does("", 0, `ticket +revoked; demanded\n`, "device", "show", mac)
	o.does("", 0, "", "otp", "set", "yealink", "--generate")
	o.does("", 1, "^lineside: "+mac+": a ticket is demanded of this device\n.*lineside otp ticket MAC", "device", "allow-otp", mac, "--keep")
	o.does("", 2, "neither; write: otp demand MAC yes", "otp", "demand", mac, "perhaps")
	o.does("", 1, "a ticket is demanded.*lineside otp demand MAC no", "pin", "enter", mac, "123456")
	o.does("", 0, mac+": no ticket is demanded of it; it is let in as the site's policy says", "otp", "demand", mac, "no")

	var made admin.Ticket
	if err := json.Unmarshal([]byte(o.does("", 0, "", "otp", "ticket", mac, "--json")), &made); err != nil || len(made.Password) != 12 {
		t.Errorf("--json: got %+v, %v; want the password", made, err)
	}
	if list := o.does("", 0, "", "otp", "tickets", "--json"); strings.Contains(list, made.Password) || strings.Contains(list, made.User) {
		t.Errorf("the list tells the ticket:\n%s", list)
	}
	o.does("", 0, "ticket-made.*ticket-revoked.*ticket-demanded", "audit", "--mac", mac)
}

func TestPolicyVerbs(t *testing.T) {
	o := newOperator(t)
	o.does("", 0, "window: +8h\nblock-after: +3 lock-outs\nauto-approve: +no\nticket-hours: +8\npin-on-screen: +no\n", "policy", "show")
	o.does("", 0, "window: +2h\n", "policy", "set", "window", "2h")
	o.does("", 0, "window: +off\n", "policy", "set", "window", "off")
	o.does("", 2, "window: 1s is out of range", "policy", "set", "window", "1s")
	o.does("", 0, "block-after: +1 lock-out\n", "policy", "set", "block-after", "1")
	o.does("", 1, "block_after: 0 is out of range; write 1 to 100", "policy", "set", "block-after", "0")
	o.does("", 2, "is no number", "policy", "set", "block-after", "never")
	o.does("", 0, "auto-approve: +yes\n", "policy", "set", "auto-approve", "yes")
	o.does("", 0, "pin-on-screen: +yes\n", "policy", "set", "pin-on-screen", "yes")
	o.does("", 2, "neither; write: policy set pin-on-screen yes", "policy", "set", "pin-on-screen", "maybe")
	o.does("", 2, "is no rule; write: policy set first-contact pin, or another rule and its value: claimed, window", "policy", "set", "magic", "yes")
	o.does("", 0, `site.block_after +1 +store.*site.pin_on_screen +true +store.*trust.window +off +store.*trust.auto_approve +true +store`, "status", "--settings")
	o.does("", 0, "policy-changed.*auto_approve.*policy-changed.*pin_on_screen", "audit")
}

// TestAllowOTPAsks has somebody, and nobody, asked whether the old login goes.
func TestAllowOTPAsks(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yellow\n": false} {
		p := &program{in: strings.NewReader(answer), err: io.Discard}
		if got, err := p.ask("Sure?"); err != nil || got != want {
			t.Errorf("%q: got %t, %v; want %t", answer, got, err, want)
		}
	}
	file, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, in := range map[string]io.Reader{"a pipe": strings.NewReader("y\n"), "a file": file} {
		if (&program{in: in}).atTerminal() {
			t.Errorf("%s was taken for a terminal", name)
		}
	}
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	o.does("", 0, "", "device", "add", mac)
	o.does("", 0, "", "otp", "set", "yealink", "--generate")
	o.does("y\n", 0, "is now needed", "device", "allow-otp", mac)
	o.does("", 0, "is now needed", "device", "allow-otp", mac, "--keep")
	o.does("", 2, "clear keep", "device", "allow-otp", mac, "--keep", "--clear")
}

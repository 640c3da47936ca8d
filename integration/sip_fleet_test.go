package integration

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// theWholeWay: phones of three makers with the WAN cut, which was there once:
// DHCP, holding config, registration, the call with the PIN, told to fetch, full
// config.
func theWholeWay(t *testing.T, c *callTable) {
	b := newBox(t, "127.44.0.1/16", "", "127.44.0.50-127.44.0.99", "pin", loopbackPorts)
	b.settings(t, `sbc = "sbc.example.net:5060"`, `sbc = "127.44.0.8"`) // nobody is there
	b.settings(t, "[trust]\n", "[emergency]\nsbcs = [\"127.44.0.9\"]\n[trust]\n")
	b.cutOff(t)
	table := vendors.All()
	three := []phone.Vendor{"yealink", "snom", "poly"}
	shows := make([]func(string, ...any), len(three))
	for i, vendor := range three {
		shows[i] = c.row(string(vendor), "simulated phone")
	}
	atOnce(len(three), func(i int) {
		vendor := three[i]
		t.Run(string(vendor), func(t *testing.T) {
			maker, _ := table.Of(vendor)
			oui := maker.OUIs[0]
			mac := phone.MAC{oui[0], oui[1], oui[2], 0x44, 0, byte(i + 1)}
			if _, err := b.client.AddDevice(t.Context(), admin.DeviceInput{
				MAC: admin.Set(mac), Vendor: admin.Set(string(vendor)),
				Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: fmt.Sprint(4000 + i), Password: admin.Set("fake-line-secret")}}),
			}); err != nil {
				t.Fatal(err)
			}
			pin, err := b.client.ShowPIN(t.Context(), mac)
			if err != nil {
				t.Fatal(err)
			}
			p, err := fleet.New(fleet.Config{
				MAC: mac, Vendor: vendor, DHCP: netip.AddrPortFrom(b.self, uint16(b.ports.dhcp)), Asks: 1,
			}, table, nil, func(e fleet.Event) { t.Log(e.Text) })
			if err != nil {
				t.Fatal(err)
			}
			res, err := p.Boot(t.Context())
			if err != nil || res.Outcome != fleet.Waiting {
				t.Fatalf("got %s, %v, want it waiting", res.Outcome, err)
			}
			line, err := p.Register(t.Context(), res)
			if err != nil {
				t.Fatal(err)
			}
			defer line.Close()
			if err := line.Call(t.Context(), "*89", other(pin.PIN, 1)+"#", pin.PIN+"#"); err != nil {
				t.Fatal(err)
			}
			if err := line.Told(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time with the login of its own
				if res, err = p.Resync(t.Context()); err != nil || res.Outcome != fleet.Provisioned {
					t.Fatalf("got %s, %v, want it provisioned", res.Outcome, err)
				}
			}
			if d, err := b.client.Device(t.Context(), mac); err != nil || d.Enrolment.State != "successful" || !strings.HasPrefix(p.Login().User, "own-") {
				t.Errorf("got state %q with login %s, %v, want successful", d.Enrolment.State, p.Login().User, err)
			}
			shows[i]("DHCP, holding config, registered, wrong and right PIN, NOTIFY, full config, a login of its own")
		})
	})
}

// cutOff starts the box beside an SBC, and again once that can no more be
// reached.
func (b *box) cutOff(t *testing.T) {
	t.Helper()
	netlab.Tool(t, "sipp")
	sbc := exec.Command("sipp", "-sn", "uas", "-i", "127.44.0.9", "-p", "5060", "-nostdin", "-aa")
	if err := sbc.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sbc.Process.Kill() }()
	b.start(t)
	b.sees(t, "emergency-sbc-partly")
	_ = sbc.Process.Kill()
	_ = sbc.Wait()
	b.kill()
	b.start(t)
	b.sees(t, "emergency-sbc-unreachable")
}

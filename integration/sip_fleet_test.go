package integration

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestTheWholeWayByTelephone: phones of three makers, with no SBC and no platform
// to be reached: DHCP, holding config, registration, the call with the PIN, told
// to fetch, full config.
func TestTheWholeWayByTelephone(t *testing.T) {
	b := newBox(t, "127.44.0.1/16", "", "127.44.0.50-127.44.0.99", "pin", loopbackPorts)
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.config, append(text, "[emergency]\nmode = \"none\"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	table := vendors.All()
	for i, vendor := range []phone.Vendor{"yealink", "snom", "poly"} {
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
		})
	}
}

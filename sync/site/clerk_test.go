package site_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
	"github.com/lineside/lineside/vendors"
)

// office is a clerk at a real desk on the real store.
type office struct {
	*site.Clerk
	t     *testing.T
	desk  *provision.Desk
	db    *store.Store
	board *health.Board
	// unsure is which entries were written with no clock set, nil for none.
	unsure func(uint64) bool
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, db: openStore(t, filepath.Join(t.TempDir(), "lineside.db")), board: &health.Board{}}
	t.Cleanup(func() { _ = o.db.Close() })
	log := slog.New(slog.DiscardHandler)
	var err error
	o.desk, err = provision.New(provision.Config{Site: phone.Site{Name: "Lab", Zone: "UTC", Emergency: []string{"112"}}}, vendors.All(),
		provision.Stores{Devices: o.db, Policies: o.db, Sightings: o.db, Recorder: o.db, Leases: o.db, Users: o.db},
		provision.Tools{Log: log, Health: o.board, Metrics: metrics.New()})
	if err != nil {
		t.Fatal(err)
	}
	o.Clerk = site.NewClerk(site.ClerkConfig{Told: func(site.Status) {}, Now: time.Now, Unsure: func(seq uint64) bool { return o.unsure != nil && o.unsure(seq) }}, o.desk, o.db, o.board, log)
	return o
}

// say hands over a document with secrets that open to themselves.
func (o *office) say(kind wire.Kind, key, body string, secrets ...string) error {
	o.t.Helper()
	d := wire.Doc{Kind: kind, Key: key, Body: json.RawMessage(body), Sealed: map[string][]byte{},
		Doc: proto.Doc{ID: wire.DocID(kind, key), Sec: proto.Sec{OTP: proto.Gen{Epoch: 1, N: 1, Mint: "m"}, PIN: proto.Gen{Epoch: 1, N: 1}}}}
	if d.Del = body == ""; d.Del {
		d.Body = nil
	}
	for i := 0; i+1 < len(secrets); i += 2 {
		d.Sealed[secrets[i]] = []byte(secrets[i+1])
	}
	return o.Apply(o.t.Context(), d, func(secret string) ([]byte, error) {
		if string(d.Sealed[secret]) == "another box's" {
			return nil, errors.New("does not open")
		}
		return d.Sealed[secret], nil
	})
}

func (o *office) conditions() string {
	var codes []string
	for _, c := range o.board.List() {
		codes = append(codes, c.Code)
	}
	return strings.Join(codes, " ")
}

// TestBadDocuments: whatever a document holds, it ends as a condition that names
// it, is gone with the next good one, and what the box had before stays.
func TestBadDocuments(t *testing.T) {
	for name, tt := range map[string]struct {
		kind      wire.Kind
		key, body string
		secrets   []string
		good      string // what mends it
	}{
		"no JSON":                   {wire.DeviceDoc, "001565000001", `{"vendor":`, nil, `{"vendor":"yealink"}`},
		"a MAC that is none":        {wire.DeviceDoc, "here", `{"vendor":"yealink"}`, nil, ""},
		"a vendor nobody knows":     {wire.DeviceDoc, "001565000001", `{"vendor":"acme"}`, nil, `{"vendor":"yealink"}`},
		"a secret for another box":  {wire.DeviceDoc, "001565000001", `{"vendor":"yealink"}`, []string{"pin", "another box's"}, `{"vendor":"yealink"}`},
		"an address that is none":   {wire.DeviceDoc, "001565000001", `{"vendor":"yealink","address":"up there"}`, nil, `{"vendor":"yealink"}`},
		"a user without an ID":      {wire.UserDoc, "710", `{}`, nil, `{"id":"anna"}`},
		"a brand's short password":  {wire.BrandDoc, "yealink", `{"user":"install"}`, []string{"otp", "short"}, ""},
		"rules nobody knows":        {wire.PolicyDoc, "site", `{"first_contact":"faith","otp_offline":"deny"}`, nil, `{"first_contact":"pin","otp_offline":"deny"}`},
		"addresses of everybody":    {wire.AllowDoc, "site", `{"entries":[{"prefix":"0.0.0.0/0"}]}`, nil, `{"entries":[]}`},
		"a kind of a later version": {"horoscope", "x", `{}`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			want := site.CodeDocument + ":" + string(wire.DocID(tt.kind, tt.key))
			err := o.say(tt.kind, tt.key, tt.body, tt.secrets...)
			if err == nil || errors.Is(err, site.ErrRetry) || !strings.Contains(o.conditions(), want) {
				t.Errorf("got %v and the conditions %q, want an error that is told once and %s", err, o.conditions(), want)
			}
			if err := o.say(wire.DeviceDoc, "001565000002", `{"vendor":"yealink"}`); err != nil {
				t.Errorf("the next document: %v", err)
			}
			if tt.good == "" {
				return
			}
			if err := o.say(tt.kind, tt.key, tt.good); err != nil || strings.Contains(o.conditions(), want) {
				t.Errorf("mended: got %v and the conditions %q", err, o.conditions())
			}
		})
	}
}

// TestDocumentsTwice: what a crash repeats changes nothing, and a tombstone takes
// everything away.
func TestDocumentsTwice(t *testing.T) {
	o := newOffice(t)
	all := func() {
		for _, err := range []error{
			o.say(wire.DeviceDoc, "001565000001", `{"vendor":"yealink","owner":"anna","otp_user":"u","lines":[{"registrar":"sip.example.net","user":"1"}]}`,
				"pin", "135790", "otp", "fake-ticket", "sip.0", "fake-sip", "admin", "fake-admin"),
			o.say(wire.UserDoc, "710", `{"id":"anna"}`, "web", "fakepass1", "portal", "2468"),
			o.say(wire.BrandDoc, "yealink", `{"user":"install"}`, "otp", "fake-brand-otp"),
			o.say(wire.PolicyDoc, "site", `{"first_contact":"otp","block_after":3,"otp_offline":"allow","sbc":"sbc.example.net"}`),
			o.say(wire.AllowDoc, "site", `{"entries":[{"prefix":"10.20.0.7"}]}`),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	all()
	mac := phone.MAC{0, 0x15, 0x65, 0, 0, 1}
	first, err := o.db.Device(mac)
	if err != nil || first.Enrolment.PIN.Reveal() != "135790" || first.Device.Lines[0].Password.Reveal() != "fake-sip" || first.Enrolment.Ticket.Serial != 1 {
		t.Fatalf("got %+v, %v", first, err)
	}
	policy := o.desk.Policy()
	all()
	again, _ := o.db.Device(mac)
	if again.Rev != first.Rev || o.desk.Policy().Rev != policy.Rev {
		t.Errorf("said twice: got revisions %d and %d, want %d and %d", again.Rev, o.desk.Policy().Rev, first.Rev, policy.Rev)
	}
	if !o.Rules().Offline {
		t.Error("the platform allows one-time passwords off line, and the box does not")
	}
	for _, d := range []struct {
		kind wire.Kind
		key  string
	}{{wire.UserDoc, "710"}, {wire.DeviceDoc, "001565000001"}, {wire.BrandDoc, "yealink"}, {wire.PolicyDoc, "site"}, {wire.AllowDoc, "site"}} {
		if err := o.say(d.kind, d.key, ""); err != nil {
			t.Errorf("take %s away: %v", d.kind, err)
		}
	}
	p := o.desk.Policy()
	if _, err := o.db.Device(mac); !errors.Is(err, phone.ErrUnknownDevice) || len(o.db.Users()) != 0 || !p.Brands["yealink"].Password.IsZero() || p.Platform.Rules || len(p.Allow) != 0 {
		t.Errorf("got device %v, users %v, policy %+v, want nothing of the platform's left", err, o.db.Users(), p)
	}
}

// TestEventsUp: of the audit log the platform is told what it may act on, in
// order, from the entry named on, and never what it did itself.
func TestEventsUp(t *testing.T) {
	o := newOffice(t)
	by, platform := audit.Actor{Front: "http"}, audit.Actor{Front: "platform"}
	mac := phone.MAC{0, 0x15, 0x65, 0, 0, 1}
	for _, r := range []audit.Record{
		{MAC: mac, By: platform, Event: audit.DeviceAdded{Vendor: "yealink"}},
		{MAC: mac, By: by, Event: audit.PINEntered{Result: "right", State: "needed"}},
		{MAC: mac, By: by, Event: audit.PINEntered{Result: "wrong", State: "needed"}},
		{MAC: mac, By: by, Event: audit.PINEntered{Result: "wrong", State: "failed"}},
		{MAC: mac, By: by, Event: audit.CredentialMinted{User: "own-x"}},
		{By: by, Event: audit.SecretsShown{}},
		{MAC: mac, By: by, Event: audit.Refused{Reason: "layer 2 says another MAC", File: "x.cfg", Times: 1}},
		{MAC: mac, By: by, Event: audit.Visited{Vendor: "snom"}},
		{By: by, Event: audit.EmergencyCalled{Number: "112", Said: []string{strings.Repeat("x", 900)}}},
	} {
		if err := o.db.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	o.unsure = func(seq uint64) bool { return seq%2 == 0 }
	want := []string{wire.KindPIN, "lock-out", wire.KindProvisioned, "contradicted", wire.KindVisitor, "emergency"}
	var got []string
	for after := uint64(0); ; {
		events, err := o.Events(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if e.Unsure != (e.Seq%2 == 0) {
				t.Errorf("event %d: got unsure %v", e.Seq, e.Unsure)
			}
			if e.Seq <= after || len(e.Facts) > wire.MaxEvent {
				t.Errorf("event %d after %d with %d bytes", e.Seq, after, len(e.Facts))
			}
			after = e.Seq
			got = append(got, e.Kind)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIdentityShowsNoKey(t *testing.T) {
	id := site.Identity{Site: "s1", Name: "Branch", URL: "https://platform.example"}
	if _, err := json.Marshal(id); err == nil {
		t.Error("an identity was written as it is")
	}
	if _, err := site.ParseIdentity(phone.NewSecret(`{"v":9}`)); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Errorf("got %v, want that it is of a later version", err)
	}
	if _, err := site.ParseIdentity(phone.NewSecret(`half of it`)); err == nil || !strings.Contains(err.Error(), "join --again") {
		t.Errorf("got %v, want what to do", err)
	}
}

package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// openTest opens a store that is closed with the test.
func openTest(t testing.TB, path string, cfg Config) *Store {
	t.Helper()
	s, err := Open(path, testKey(), cfg, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// set writes rec, whatever was there.
func set(t testing.TB, s *Store, rec auth.Record) auth.Record {
	t.Helper()
	recs, err := s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) {
		return &rec, []audit.Record{{MAC: rec.Device.MAC, By: audit.Actor{Front: "cli"}, Event: audit.DeviceAdded{Vendor: "snom"}}}, nil
	}, rec.Device.MAC)
	if err != nil {
		t.Fatal(err)
	}
	return recs[0]
}

func testMAC(n int) phone.MAC { return phone.MAC{0, 4, 0x13, byte(n >> 16), byte(n >> 8), byte(n)} }

// testRecord is a device of the usual size.
func testRecord(n int) auth.Record {
	mac := testMAC(n)
	secret := func(what string) phone.Secret { return phone.NewSecret(what + "-" + mac.Hex()) }
	return auth.Record{
		Device: phone.Device{
			MAC: mac, Vendor: "snom", Model: "D385", Label: fmt.Sprintf("Desk %d", n), Owner: "u1", AdminPassword: secret("admin"),
			Lines: []phone.Line{
				{Registrar: "sip.example.net", Port: 5061, Transport: phone.TLS, User: "4930", AuthID: "a", Password: secret("line0"), DisplayName: "Erika", Label: "1"},
				{Registrar: "sip.example.net", Port: 5061, Transport: phone.TLS, User: "4931", AuthID: "b", Password: secret("line1"), DisplayName: "Erika", Label: "2"},
			},
			Overrides: map[string]string{"ldap_password": secret("override").Reveal()},
		},
		Enrolment: auth.Enrolment{
			State: auth.Needed, PIN: secret("pin"), OTP: auth.Arming{Generation: 1},
			Current: auth.Credential{User: mac.Hex(), Password: secret("current")},
			Pending: auth.Credential{User: mac.Hex() + "b", Password: secret("pending")},
		},
	}
}

// TestNoSecretIsInTheFile plants secrets in every field that can hold one and
// looks for them in all bytes of the files written.
func TestNoSecretIsInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	rec := set(t, s, testRecord(7))
	policy, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) {
		p.Brands["snom"] = auth.Brand{Vendor: "snom", User: "brand", Password: phone.NewSecret("brand-password"), Generation: 1, FormerUser: "former", FormerPassword: phone.NewSecret("former-password")}
		return p, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.KeepGood(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	secrets := []string{"brand-password", "former-password", policy.Key.Reveal(), string(s.key.bytes[:])}
	for _, what := range []string{"admin", "line0", "line1", "override", "pin", "current", "pending"} {
		secrets = append(secrets, what+"-"+rec.Device.MAC.Hex())
	}
	for _, name := range []string{path, goodPath(path)} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(raw, []byte("sip.example.net")) {
			t.Errorf("%s does not hold the record at all", name)
		}
		for _, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte(base64.StdEncoding.EncodeToString([]byte(secret)))) {
				t.Errorf("%s holds a secret in the clear: %.8s…", filepath.Base(name), secret)
			}
		}
	}
}

// TestMovedSealIsRefused moves sealed values about in the file, as somebody
// would who can write to the disk and owns one phone of his own.
func TestMovedSealIsRefused(t *testing.T) {
	c := codec{testKey()}
	victim, thief := testRecord(1), testRecord(2)
	value, err := c.encodeDevice(victim)
	if err != nil {
		t.Fatal(err)
	}
	stolen, err := parse[storedDevice](value, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		move func(own *storedDevice)
		ok   bool
	}{
		{"left alone", func(*storedDevice) {}, true},
		{"to the same field of another device", func(own *storedDevice) { own.Lines[0].Password = stolen.Lines[0].Password }, false},
		{"to another field of another device", func(own *storedDevice) { own.Enrolment.PIN = stolen.AdminPassword }, false},
		{"between lines of one device", func(own *storedDevice) {
			own.Lines[0].Password, own.Lines[1].Password = own.Lines[1].Password, own.Lines[0].Password
		}, false},
		{"from pending to current", func(own *storedDevice) { own.Enrolment.Current = own.Enrolment.Pending }, false},
		{"cut short", func(own *storedDevice) { own.AdminPassword = own.AdminPassword[:40] }, false},
		{"no base64", func(own *storedDevice) { own.AdminPassword = "secret" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			value, err := c.encodeDevice(thief)
			if err != nil {
				t.Fatal(err)
			}
			own, err := parse[storedDevice](value, 1)
			if err != nil {
				t.Fatal(err)
			}
			tt.move(&own)
			if value, err = frame(own); err != nil {
				t.Fatal(err)
			}
			rec, err := c.decodeDevice(thief.Device.MAC[:], value)
			if (err == nil) != tt.ok || (rec != nil) != tt.ok {
				t.Errorf("got %v, %v, want it to be read: %v", rec, err, tt.ok)
			}
		})
	}
	t.Run("whole record under another MAC", func(t *testing.T) {
		if _, err := c.decodeDevice(thief.Device.MAC[:], value); err == nil {
			t.Error("read")
		}
	})
}

// TestMovedSealIsSetAside is the same through the front: the file is not used.
func TestMovedSealIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	set(t, s, testRecord(2))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketDevices))
		m1, m2 := testMAC(1), testMAC(2)
		one, err := parse[storedDevice](b.Get(m1[:]), 1)
		if err != nil {
			return err
		}
		two, err := parse[storedDevice](b.Get(m2[:]), 1)
		if err != nil {
			return err
		}
		one.Lines = two.Lines
		value, err := frame(one)
		if err != nil {
			return err
		}
		return b.Put(m1[:], value)
	})
	s = openTest(t, path, Config{})
	if s.Report().SetAside == "" {
		t.Error("the file was taken as it is")
	}
	if all, _ := s.All(); len(all) != 0 {
		t.Errorf("%d devices in the fresh database", len(all))
	}
}

// rewrite changes a closed store behind its back.
func rewrite(t testing.TB, path string, f func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKeyNeverPrints(t *testing.T) {
	k := testKey()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", k, &struct{ K Key }{k})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", k)
	if err := json.NewEncoder(&out).Encode(k); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(&out, k.String())
	for _, inside := range []string{"0123456789", "3031323334", "48 49 50", "0x30"} {
		if strings.Contains(out.String(), inside) {
			t.Errorf("the key shows in %s", out.String())
		}
	}
}

package vendors_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lineside/lineside/vendors"
)

func pemOf(certs ...*signer) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func holding(content []byte) *fstest.MapFile { return &fstest.MapFile{Data: content, Mode: 0o644} }

func TestLoadCAs(t *testing.T) {
	one, two, three := ca(t, nil, "One"), ca(t, nil, "Two"), ca(t, nil, "Three")
	cas, wrong := vendors.All().LoadCAs(fstest.MapFS{
		"yealink/both.pem":  holding(append([]byte("Root and issuing CA of the maker.\n"), pemOf(one, two)...)),
		"yealink/again.pem": holding(pemOf(two)),
		"yealink/.old.pem":  holding([]byte("passed over")),
		"Poly/root.pem":     holding(pemOf(three)),
		".git/config":       holding(nil),
	})
	if len(wrong) > 0 {
		t.Fatalf("got %v, want no error", wrong)
	}
	if len(cas) != 2 || len(cas["yealink"]) != 2 || len(cas["poly"]) != 1 {
		t.Errorf("got %d, %d and %d CAs, want 2 of Yealink and 1 of Poly", len(cas), len(cas["yealink"]), len(cas["poly"]))
	}
	if all := cas.All(); len(all) != 3 || !all[0].Equal(three.Certificate) {
		t.Errorf("All gives %d, want 3, Poly's first", len(all))
	}
	f := vendors.NewFactory(vendors.All(), cas)
	if v, _, ok := f.Verify(chainOf(leaf(t, two, yealinkMAC))); !ok || v != "yealink" {
		t.Errorf("a phone of a CA read: got %q %v", v, ok)
	}
}

func TestLoadCAsOfNothing(t *testing.T) {
	for name, dir := range map[string]fs.FS{"no folder": missing{}, "empty": fstest.MapFS{}} {
		if cas, wrong := vendors.All().LoadCAs(dir); len(cas) != 0 || len(wrong) != 0 || len(cas.All()) != 0 {
			t.Errorf("%s: got %d CAs and %v, want nothing", name, len(cas), wrong)
		}
	}
}

// missing is a folder that is not there, locked one that must not be read.
type (
	missing struct{}
	locked  struct{}
)

func (missing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (locked) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestLoadCAsSaysWhatIsWrong(t *testing.T) {
	good := ca(t, nil, "Good")
	phone := leaf(t, good, yealinkMAC)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")})
	many := make(fstest.MapFS)
	for i := range 33 {
		many[fmt.Sprintf("snom/%02d.pem", i)] = holding(pemOf(ca(t, nil, fmt.Sprint("CA ", i))))
	}
	for _, tt := range []struct {
		name string
		dir  fs.FS
		file string
		want string // in the error
		left int    // CAs that count all the same
	}{
		{"unknown vendor", fstest.MapFS{"acme/root.pem": holding(pemOf(good))}, "acme", "yealink, snom, poly", 0},
		{"beside the folders", fstest.MapFS{"yealink.pem": holding(pemOf(good))}, "yealink.pem", "move it into the folder of its maker, one of yealink, snom, poly", 0},
		{"other ending", fstest.MapFS{"yealink/root.crt": holding(pemOf(good))}, "yealink/root.crt", "openssl x509", 0},
		{"folder in a folder", fstest.MapFS{"yealink/more.pem/root.pem": holding(pemOf(good))}, "yealink/more.pem", "no regular file", 0},
		{"binary", fstest.MapFS{"yealink/root.pem": holding(good.Raw)}, "yealink/root.pem", "-inform der", 0},
		{"empty", fstest.MapFS{"yealink/root.pem": holding(nil)}, "yealink/root.pem", "holds no certificate", 0},
		{"cut short", fstest.MapFS{"yealink/root.pem": holding(pemOf(good, good)[:len(pemOf(good))+99])}, "yealink/root.pem", "is damaged", 0},
		{"damaged before a good one", fstest.MapFS{"yealink/root.pem": holding(append([]byte("-----BEGIN CERTIFICATE-----\n!\n"), pemOf(good)...))}, "yealink/root.pem", "is damaged", 0},
		{"no X.509 in it", fstest.MapFS{"yealink/root.pem": holding(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))}, "yealink/root.pem", "certificate 1 cannot be read", 0},
		{"private key", fstest.MapFS{"yealink/root.pem": holding(append(pemOf(good), key...))}, "yealink/root.pem", `"PRIVATE KEY", and only CA certificates belong here`, 0},
		{"a phone's certificate", fstest.MapFS{"yealink/root.pem": holding(pemOf(good, phone))}, "yealink/root.pem", "certificate 2", 0},
		{"larger than is read", fstest.MapFS{"yealink/root.pem": holding(bytes.Repeat([]byte("x"), 300<<10))}, "yealink/root.pem", "larger than", 0},
		{"long name", fstest.MapFS{"yealink/root.pem": holding(pemOf(ca(t, nil, strings.Repeat("x", 600))))}, "yealink/root.pem", "its name", 0},
		{"too many", many, "snom/32.pem", "takes 32", 32},
		{"one of two", fstest.MapFS{"yealink/a.pem": holding(pemOf(good)), "yealink/b.pem": holding(nil)}, "yealink/b.pem", "holds no certificate", 1},
		{"not to be read", locked{}, ".", "permission denied; correct its owner", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cas, wrong := vendors.All().LoadCAs(tt.dir)
			if len(wrong) != 1 || wrong[0].File != tt.file || !strings.Contains(wrong[0].Text, tt.want) {
				t.Fatalf("got %v, want one error of %s with %q", wrong, tt.file, tt.want)
			}
			if n := len(cas.All()); n != tt.left {
				t.Errorf("%d CAs count, want %d", n, tt.left)
			}
			if text := wrong[0].Error(); !strings.HasPrefix(text, tt.file+": ") || strings.Contains(text, "secret") {
				t.Errorf("got %q", text)
			}
		})
	}
	if _, wrong := vendors.All().LoadCAs(locked{}); !errors.Is(wrong[0], fs.ErrPermission) {
		t.Errorf("%v does not wrap its cause", wrong[0])
	}
}

// FuzzLoadCAs: whatever a file holds, it gives CAs of its folder's vendor or one
// error that names it, and never both; and none of the CAs is a phone's.
func FuzzLoadCAs(f *testing.F) {
	good := ca(f, nil, "Good")
	f.Add(pemOf(good))
	f.Add(pemOf(good, leaf(f, good, yealinkMAC)))
	f.Add(good.Raw)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		cas, wrong := vendors.All().LoadCAs(fstest.MapFS{"snom/x.pem": holding(content)})
		if (len(wrong) == 0) != (len(cas["snom"]) > 0) || len(cas.All()) != len(cas["snom"]) || len(wrong) > 1 {
			t.Fatalf("got %d CAs and %v", len(cas.All()), wrong)
		}
		for _, e := range wrong {
			if e.File != "snom/x.pem" || e.Text == "" {
				t.Errorf("%v names no file", e)
			}
		}
		for _, c := range cas["snom"] {
			if !c.IsCA && !bytes.Equal(c.RawIssuer, c.RawSubject) {
				t.Errorf("%s is taken for a CA", c.Subject)
			}
			if again, err := x509.ParseCertificate(c.Raw); err != nil || !again.Equal(c) {
				t.Errorf("%s is not what the file holds: %v", c.Subject, err)
			}
		}
	})
}

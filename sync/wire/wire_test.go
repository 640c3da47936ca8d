package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

func newSigner(t testing.TB) seal.Signer {
	t.Helper()
	s, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(site, key string) wire.Doc {
	return wire.Doc{Site: site, Kind: wire.DeviceDoc, Key: key, Body: json.RawMessage(`{"vendor":"yealink"}`),
		Doc: proto.Doc{ID: wire.DocID(wire.DeviceDoc, key), Ver: proto.Ver{Epoch: 100, N: 2}, Rev: 7,
			Sec: proto.Sec{OTP: proto.Gen{Epoch: 100, N: 1, Mint: "m"}}}}
}

func TestDocument(t *testing.T) {
	signer := newSigner(t)
	want := document("s1", "001565000001")
	signed, err := wire.SignDoc(signer, want)
	if err != nil {
		t.Fatal(err)
	}
	signed.Rev = 9 // the platform knows it after the write only
	want.Rev = 9
	got, err := wire.OpenDoc(signer.Verifier(), "s1", signed)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, document (-want +got):\n%s", err, diff)
	}
	if _, err := wire.OpenDoc(signer.Verifier(), "s2", signed); !errors.Is(err, wire.ErrForeign) {
		t.Errorf("at another site: got %v, want ErrForeign", err)
	}
	swapped := signed
	swapped.Doc = bytes.Replace(signed.Doc, []byte("000001"), []byte("000002"), 1)
	if _, err := wire.OpenDoc(signer.Verifier(), "s1", swapped); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("changed on the way: got %v, want ErrSignature", err)
	}
	misnamed := want
	misnamed.ID = "device/other"
	signed, err = wire.SignDoc(signer, misnamed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.OpenDoc(signer.Verifier(), "s1", signed); err == nil {
		t.Error("got no error for a document whose name is not its key, want one")
	}
	large := want
	large.Body = json.RawMessage(`"` + strings.Repeat("x", wire.MaxDoc) + `"`)
	if _, err := wire.SignDoc(signer, large); err == nil {
		t.Error("got no error for a document that is too long, want one")
	}
}

func TestSecretsOfADocument(t *testing.T) {
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	d := document("s1", "001565000001")
	sealed, err := key.Public().Seal(d.Label("pin"), []byte("123456"))
	if err != nil {
		t.Fatal(err)
	}
	later, other := d, d
	later.Ver.N++
	other.Key = "001565000002"
	for name, l := range map[string]seal.Label{"a later version": later.Label("pin"), "another device": other.Label("pin"), "another secret": d.Label("otp")} {
		if _, err := key.Open(l, sealed); err == nil {
			t.Errorf("%s: got the PIN, want none", name)
		}
	}
}

func TestReply(t *testing.T) {
	signer := newSigner(t)
	want := wire.Reply{V: 1, ID: "r1", Confirm: &proto.ConfirmReply{Epoch: 100, OK: true}}
	b, err := wire.SignReply(signer, "s1", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.Open(signer.Verifier(), "s1", "r1", b)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, reply (-want +got):\n%s", err, diff)
	}
	for name, open := range map[string]func() error{
		"another request": func() error { _, err := wire.Open(signer.Verifier(), "s1", "r2", b); return err },
		"another site":    func() error { _, err := wire.Open(signer.Verifier(), "s2", "r1", b); return err },
		"names shifted":   func() error { _, err := wire.Open(signer.Verifier(), "s1\nr", "1", b); return err },
		"another key":     func() error { _, err := wire.Open(newSigner(t).Verifier(), "s1", "r1", b); return err },
		"changed": func() error {
			_, err := wire.Open(signer.Verifier(), "s1", "r1", bytes.Replace(b, []byte(`"sig":"`), []byte(`"sig":"A`), 1))
			return err
		},
		"endless": func() error {
			_, err := wire.Open(signer.Verifier(), "s1", "r1", make([]byte, 4*wire.MaxBytes))
			return err
		},
	} {
		if open() == nil {
			t.Errorf("%s: got a reply, want an error", name)
		}
	}
}

func TestRequest(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"a hello with what a later version adds", `{"v":1,"id":"r1","hello":{"cursor":{},"software":"2.0","later":1},"more":[]}`, ""},
		{"no part", `{"v":1,"id":"r1"}`, "0 parts"},
		{"two parts", `{"v":1,"id":"r1","hello":{},"pull":{}}`, "2 parts"},
		{"no ID", `{"v":1,"hello":{}}`, "ID of 0"},
		{"a version to come", `{"v":9,"id":"r1","hello":"may be anything"}`, "version 9"},
		{"no version", `{"id":"r1","hello":{}}`, "version 0"},
		{"too long", `{"v":1,"id":"` + strings.Repeat("x", wire.MaxBytes) + `"}`, "bytes are more"},
		{"too many events", `{"v":1,"id":"r1","push":{"events":[` + strings.Repeat("{},", wire.MaxEvents) + `{}]}}`, "at most"},
		{"not JSON", `hello`, "invalid character"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := wire.ReadRequest([]byte(tc.in))
			switch {
			case tc.want == "" && (err != nil || r.ID != "r1" || r.Op() != "hello" || r.Hello.Software != "2.0"):
				t.Errorf("got %+v, %v, want the hello", r, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestSubjects(t *testing.T) {
	site, op, err := wire.AskedBy(wire.AskSubject("a1b2", "pull"))
	if err != nil || site != "a1b2" || op != "pull" {
		t.Errorf("got %q %q %v, want a1b2, pull", site, op, err)
	}
	for _, bad := range []string{"", "s.a1b2.rpc", "s..rpc.pull", "s.*.rpc.pull", "s.>.rpc.pull", "s.A.rpc.pull", "x.a.rpc.pull", "s.a.in.pull", "s.a.rpc.pull.x"} {
		if site, op, err := wire.AskedBy(bad); err == nil {
			t.Errorf("AskedBy(%q): got %q %q, want an error", bad, site, op)
		}
	}
}

// FuzzReadRequest: what is read has one part and an ID, within the limits, and
// reads the same again.
func FuzzReadRequest(f *testing.F) {
	for _, r := range []wire.Request{
		{V: 1, ID: "a", Hello: &wire.Hello{Software: "1"}},
		{V: 1, ID: "b", Pull: &proto.Pull{After: 3}},
		{V: 1, ID: "c", Push: &wire.Push{Events: []wire.Event{{Seq: 1, Kind: wire.KindPIN}}}},
		{V: 1, ID: "e", Act: &wire.Act{Do: wire.ActReset, MAC: "001565000001", By: "cli root"}},
		{V: 1, ID: "d", Confirm: &proto.Confirm{ID: "device/x", Tx: "t"}},
	} {
		b, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"v":1,"id":"x","push":{"items":[{"id":"a","sec":{"otp":{"n":-1}}}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.ReadRequest(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > wire.MaxBytes {
			return // escapes may make it longer
		}
		r2, err := wire.ReadRequest(again)
		if err != nil || fmt.Sprintf("%+v", r2.Op()) != fmt.Sprintf("%+v", r.Op()) || r2.ID != r.ID {
			t.Errorf("read %+v, written and read again %+v, %v", r, r2, err)
		}
	})
}

// FuzzOpenDoc: nothing unsigned is read.
func FuzzOpenDoc(f *testing.F) {
	signer := newSigner(f)
	signed, err := wire.SignDoc(signer, document("s1", "001565000001"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed.Doc, signed.Sig)
	f.Add(signed.Doc, signed.Sig[:63])
	f.Add([]byte(`{}`), []byte{})
	f.Fuzz(func(t *testing.T, doc, sig []byte) {
		d, err := wire.OpenDoc(signer.Verifier(), "s1", wire.SignedDoc{Doc: doc, Sig: sig})
		if err == nil && !bytes.Equal(doc, signed.Doc) {
			t.Errorf("read %+v, which was never signed", d)
		}
	})
}

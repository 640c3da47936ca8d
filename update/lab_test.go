package update_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/update"
)

// maker is who makes releases in tests.
type maker struct {
	signer update.Signer
	key    update.Key
}

func newMaker(t testing.TB) maker {
	t.Helper()
	public, secret, err := update.MakeKeys(phone.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := update.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := update.OpenSigner(secret, phone.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	return maker{signer, key}
}

func (m maker) keys() update.Keys { return update.Keys{m.key} }

var labTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// contents are what lies in a test's release, by name.
func contents() map[string]string {
	return map[string]string{"lineside-linux-amd64": "the program for amd64", "lineside-linux-arm64": "the program for arm64"}
}

func manifest(t testing.TB, version string) update.Manifest {
	t.Helper()
	m := update.Manifest{Format: update.Format, Version: version, Made: labTime, Schema: 2, BackTo: 2}
	for _, arch := range []string{"amd64", "arm64"} {
		name := "lineside-linux-" + arch
		a, err := update.Describe(update.Artefact{Kind: update.Program, OS: "linux", Arch: arch, Name: name}, strings.NewReader(contents()[name]))
		if err != nil {
			t.Fatal(err)
		}
		m.Artefacts = append(m.Artefacts, a)
	}
	return m
}

// release is a whole one.
func (m maker) release(t testing.TB, of update.Manifest) []byte {
	t.Helper()
	text, err := of.Text()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = update.Write(&b, text, m.signer.Sign(text, labTime), func(a update.Artefact) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(contents()[a.Name])), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll is what a release holds once all of it was checked.
func readAll(release []byte, keys update.Keys) (map[string]string, error) {
	r, err := update.Open(bytes.NewReader(release), keys)
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for {
		a, content, err := r.Next()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(content)
		if err != nil {
			return nil, err
		}
		got[a.Name] = string(text)
	}
}

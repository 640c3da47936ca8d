package update

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Format is the form of manifest this build writes and reads.
const Format = 1

// Bounds of a release, in bytes where nothing else is said.
const (
	maxManifest  = 64 << 10
	maxSignature = 4 << 10
	maxArtefacts = 32
	// MaxProgram and MaxImage bound one artefact of a kind.
	MaxProgram = 256 << 20
	MaxImage   = 1 << 30
	// MaxRelease bounds the whole file.
	MaxRelease = 4 << 30
)

// Kind is what an artefact is.
type Kind string

// Kinds of artefacts. Others are a later format's, and left alone.
const (
	// Program is the lineside program of one system.
	Program Kind = "program"
	// Image is a root file system of the appliance.
	Image Kind = "image"
)

// Manifest says what a release is. All fields since format 1.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Made    time.Time `json:"made"` // UTC
	// After is the lowest version it may follow; empty is any.
	After string `json:"after,omitempty"`
	// Schema is the schema of the state it writes, BackTo the oldest schema whose
	// programs can still read that: going back to an older one puts the backup
	// back that was made before.
	Schema    int        `json:"schema"`
	BackTo    int        `json:"back_to"`
	Artefacts []Artefact `json:"artefacts"`
	// Notes are for the operator: what is new, in a few sentences.
	Notes string `json:"notes,omitempty"`
}

// Artefact is one file of a release.
type Artefact struct {
	Kind Kind   `json:"kind"`
	OS   string `json:"os"`   // as GOOS
	Arch string `json:"arch"` // as GOARCH
	Name string `json:"name"` // in the tar
	Size int64  `json:"size"`
	// SHA256 is in hex digits.
	SHA256 string `json:"sha256"`
}

// ErrManifest says that a manifest cannot be read.
var ErrManifest = errors.New("the manifest cannot be read")

// ParseManifest reads a manifest. It does not say who made it: Keys does, and
// comes first.
func ParseManifest(text []byte) (m Manifest, err error) {
	if len(text) > maxManifest {
		return Manifest{}, fmt.Errorf("%w: it is longer than %d bytes", ErrManifest, maxManifest)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.Format != Format {
		return Manifest{}, fmt.Errorf("%w: it is of format %d, and this lineside reads %d: install the package of a version between", ErrManifest, m.Format, Format)
	}
	if err := m.Check(); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return m, nil
}

// Check says all that is wrong with a manifest.
func (m Manifest) Check() error {
	wrong := []error{CheckVersion(m.Version)}
	if m.After != "" {
		wrong = append(wrong, CheckVersion(m.After))
	}
	if m.Made.IsZero() {
		wrong = append(wrong, errors.New("made: write when it was made"))
	}
	if m.Schema < 1 || m.BackTo < 1 || m.BackTo > m.Schema {
		wrong = append(wrong, fmt.Errorf("schema %d, back_to %d: want 1 or more, and back_to not above schema", m.Schema, m.BackTo))
	}
	if n := len(m.Artefacts); n == 0 || n > maxArtefacts {
		wrong = append(wrong, fmt.Errorf("artefacts: got %d, want 1 to %d", n, maxArtefacts))
	}
	names := map[string]bool{manifestName: true, signatureName: true}
	for _, a := range m.Artefacts {
		wrong = append(wrong, a.check())
		if names[a.Name] {
			wrong = append(wrong, fmt.Errorf("artefact %q is named twice", a.Name))
		}
		names[a.Name] = true
	}
	return errors.Join(wrong...)
}

// nameBytes are those of an artefact's name: it is one word without a path.
const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

func (a Artefact) check() error {
	switch sum, err := hex.DecodeString(a.SHA256); {
	case a.Name == "" || len(a.Name) > 90 || a.Name[0] == '.' || strings.Trim(a.Name, nameBytes) != "":
		return fmt.Errorf("artefact %.100q: want a name of 1 to 90 letters, digits, dots, - and _, not beginning with a dot", a.Name)
	case a.Kind == "" || a.OS == "" || a.Arch == "" || len(a.Kind)+len(a.OS)+len(a.Arch) > 90:
		return fmt.Errorf("artefact %s: kind, os and arch are wanted", a.Name)
	case a.Size < 1 || a.Size > a.most():
		return fmt.Errorf("artefact %s: got %d bytes, want 1 to %d", a.Name, a.Size, a.most())
	case err != nil || len(sum) != 32 || strings.ToLower(a.SHA256) != a.SHA256:
		return fmt.Errorf("artefact %s: want a SHA-256 of 64 hex digits in lower case", a.Name)
	}
	return nil
}

func (a Artefact) most() int64 {
	if a.Kind == Program {
		return MaxProgram
	}
	return MaxImage
}

// Find is the artefact for a machine.
func (m Manifest) Find(k Kind, os, arch string) (Artefact, bool) {
	for _, a := range m.Artefacts {
		if a.Kind == k && a.OS == os && a.Arch == arch {
			return a, true
		}
	}
	return Artefact{}, false
}

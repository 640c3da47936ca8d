package vendors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Hidden stands for a secret in a config that is shown and goes to no phone. It is
// written also where a phone would want a number.
const Hidden = "hidden-secret"

// Stand-ins for a device's secrets: a word, and for parameters that take digits
// alone a number that stands for nothing else.
const (
	standInWord  = "Stand-In9for8secrets"
	standInDigit = "90741"
)

// Secrets are the parameters this box writes into the full config in.File names,
// by their names in small letters; true are those that hold a secret, though the
// name may not say so, such as a Grandstream phone's P2. Which they are the maker's
// writer says itself, given secrets that can be found again.
func (t Table) Secrets(in Input) (map[string]bool, error) {
	names := map[string]bool{}
	for _, secret := range []string{standInWord, standInDigit} {
		list, err := t.Explain(t.withSecrets(in, phone.NewSecret(secret)))
		if err != nil {
			return nil, fmt.Errorf("look for what holds a secret: %w", err)
		}
		for _, s := range list {
			name := strings.ToLower(s.Name)
			names[name] = names[name] || strings.Contains(s.Value, secret)
		}
	}
	return names, nil
}

// withSecrets is in with as many lines as its phone takes, nothing of an operator's
// own words, and one secret for all.
func (t Table) withSecrets(in Input, secret phone.Secret) Input {
	m, _ := t.Of(in.File.Vendor)
	in.Stage, in.Layers = Full, Layers{}
	in.Device.Overrides, in.Device.AdminPassword = nil, secret
	in.Login = Login{User: "x", Password: secret}
	in.XSI, in.Book.Login = in.Login, in.Login
	for _, s := range []*phone.Secret{&in.Token, &in.Book.Token} {
		if !s.IsZero() {
			*s = secret
		}
	}
	lines := phone.MaxLines
	if n := m.Fits(in.Device.Model); n > 0 {
		lines = min(lines, n)
	}
	in.Device.Lines = slices.Repeat([]phone.Line{{Registrar: "a.example", User: "x", Password: secret, OutboundProxy: "a.example"}}, lines)
	return in
}

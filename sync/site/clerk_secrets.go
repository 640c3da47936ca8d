package site

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// opener opens the secrets of one document and keeps the first that does not.
type opener struct {
	doc  wire.Doc
	open func(secret string) ([]byte, error)
	err  error
}

// secret is a secret of the document, empty where it has none of that kind.
func (o *opener) secret(kind string) phone.Secret {
	if _, there := o.doc.Sealed[kind]; !there || o.err != nil {
		return phone.Secret{}
	}
	plain, err := o.open(kind)
	if err != nil {
		o.err = fmt.Errorf("%w: its %s is sealed to another box, or was changed: %w", errDocument, kind, err)
		return phone.Secret{}
	}
	return phone.NewSecret(string(plain))
}

func (o *opener) failed() error { return o.err }

// address reads an address a document reserves, empty for none.
func address(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(text)
}

// kindOf is a condition's code without the phone or document it is about.
func kindOf(code string) string {
	kind, _, _ := strings.Cut(code, ":")
	return kind
}

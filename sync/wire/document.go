package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
)

// Kind is what a document is about.
type Kind string

// Kinds of documents. The key of a device is its MAC in twelve lower-case hex
// digits, of a user the extension, of a brand its name; the site's own
// documents have the key "site".
const (
	DeviceDoc Kind = "device"
	UserDoc   Kind = "user"
	BrandDoc  Kind = "brand"
	PolicyDoc Kind = "policy"
	AllowDoc  Kind = "allow"
)

// Doc is one document for one site.
type Doc struct {
	// Site is whose it is; no other site heeds it.
	Site string `json:"site"`
	Kind Kind   `json:"kind"`
	Key  string `json:"key"`
	proto.Doc
	// Body is one of the structs below, by kind; empty in a tombstone.
	Body json.RawMessage `json:"body,omitempty"`
	// Sealed are the document's secrets by kind ("otp", "pin", "sip.1", …),
	// each sealed under Label.
	Sealed map[string][]byte `json:"sealed,omitempty"`
}

// Label is what a secret of the document is sealed under: its version is the
// generation, so an old secret does not open in a newer document.
func (d Doc) Label(secret string) seal.Label {
	return seal.Label{Site: d.Site, Device: string(d.Kind) + "/" + d.Key, Kind: secret, Epoch: d.Ver.Epoch, N: d.Ver.N}
}

// DocID is the name of a document in the rules.
func DocID(k Kind, key string) proto.ID { return proto.ID(string(k) + "/" + key) }

// SplitID is the reverse of DocID; ok is false for what DocID never made.
func SplitID(id proto.ID) (k Kind, key string, ok bool) {
	kind, key, ok := strings.Cut(string(id), "/")
	return Kind(kind), key, ok && kind != "" && key != ""
}

// SignedDoc is a document as the platform signed it: bytes, so that nothing
// is read before the signature holds.
type SignedDoc struct {
	Doc []byte `json:"doc"`
	Sig []byte `json:"sig"`
	// Rev is where it stands among the platform's documents; the platform
	// knows it only after it was written, so it is outside the signature.
	Rev uint64 `json:"rev"`
}

// SignDoc signs a document.
func SignDoc(s seal.Signer, d Doc) (SignedDoc, error) {
	rev := d.Rev
	d.Rev = 0
	b, err := json.Marshal(d)
	if err != nil {
		return SignedDoc{}, fmt.Errorf("write document %s/%s: %w", d.Kind, d.Key, err)
	}
	if len(b) > MaxDoc {
		return SignedDoc{}, fmt.Errorf("document %s/%s: %d bytes are more than the %d a document may have", d.Kind, d.Key, len(b), MaxDoc)
	}
	return SignedDoc{Doc: b, Sig: s.Sign(docContext, b), Rev: rev}, nil
}

// ErrForeign says that a document is not for this site.
var ErrForeign = errors.New("document is for another site")

// OpenDoc checks a document's signature and that it is for this site.
func OpenDoc(v seal.Verifier, site string, s SignedDoc) (Doc, error) {
	if err := v.Verify(docContext, s.Doc, s.Sig); err != nil {
		return Doc{}, fmt.Errorf("document at revision %d: %w", s.Rev, err)
	}
	var d Doc
	if err := json.Unmarshal(s.Doc, &d); err != nil {
		return Doc{}, fmt.Errorf("document at revision %d: %w", s.Rev, err)
	}
	if d.Site != site {
		return Doc{}, fmt.Errorf("document %s/%s at revision %d: %w", d.Kind, d.Key, s.Rev, ErrForeign)
	}
	if d.ID != DocID(d.Kind, d.Key) {
		return Doc{}, fmt.Errorf("document at revision %d is named %q and is %s/%s", s.Rev, d.ID, d.Kind, d.Key)
	}
	d.Rev = s.Rev
	return d, nil
}

const (
	docContext   = "document"
	replyContext = "reply"
)

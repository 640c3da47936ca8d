package central

import (
	"encoding/json"
	"fmt"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// content is what a document says, as the platform keeps it.
type content struct {
	body any
	// secrets are sealed to the platform's own key, under the name own.
	secrets map[string][]byte
	own     proto.ID
}

// content finds what a site's document is to say.
func (t *tx) content(id string, kind wire.Kind, key string) (content, error) {
	switch kind {
	case wire.DeviceDoc:
		name := wire.DocID(kind, key)
		d, ok := t.device(name)
		return content{d.Body, d.Secrets, name}, orUnknown(ok, ErrUnknownDevice)
	case wire.UserDoc:
		u, ok := t.user(id, key)
		return content{u.Body, u.Secrets, userOwn(id, key)}, orUnknown(ok, ErrUnknown)
	case wire.BrandDoc:
		b, ok := t.brand(key)
		return content{b.Body, b.Secrets, wire.DocID(kind, key)}, orUnknown(ok, ErrUnknown)
	case wire.PolicyDoc:
		p := t.policy(id)
		p.Rollout = t.rolledTo(id)
		return content{body: p}, nil
	case wire.AllowDoc:
		return content{body: t.allowBody(id)}, nil
	}
	return content{}, fmt.Errorf("documents of kind %q: %w", kind, ErrUnknown)
}

func orUnknown(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// publish writes a document that is not a device's anew; del takes it back.
func (t *tx) publish(id string, name proto.ID, del bool) {
	old, had := t.Doc(proto.Site(id), name)
	if del && (!had || old.Del) {
		return
	}
	t.SetDoc(proto.Site(id), proto.Doc{ID: name, Ver: old.Ver.Next(t.Meta().Epoch), Del: del})
}

// keepSecrets seals secrets to the platform's own key over those there are; an
// empty one is dropped.
func (t *tx) keepSecrets(own proto.ID, old map[string][]byte, given map[string]phone.Secret) map[string][]byte {
	out := map[string][]byte{}
	for kind, sealed := range old {
		out[kind] = sealed
	}
	for kind, s := range given {
		if s.IsZero() {
			delete(out, kind)
			continue
		}
		sealed, err := t.p.keys.Seal.Public().Seal(ownLabel(own, kind), []byte(s.Reveal()))
		t.fail(err)
		out[kind] = sealed
	}
	return out
}

// outfit gives a new site the documents that are the same everywhere.
func (t *tx) outfit(id string) {
	t.publish(id, policyName(), false)
	t.publish(id, allowName(), len(t.allowBody(id).Entries) == 0)
	var brands []string
	t.walk(bucketBrands, "", "", func(name string, _ []byte) bool {
		brands = append(brands, name)
		return true
	})
	for _, b := range brands {
		t.publish(id, wire.DocID(wire.BrandDoc, b), false)
	}
}

// read reads a value handed over by walk.
func (t *tx) read(value []byte, v any) bool {
	t.fail(json.Unmarshal(value, v))
	return t.err == nil
}

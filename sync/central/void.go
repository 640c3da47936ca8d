package central

import (
	"encoding/json"
	"fmt"

	"github.com/lineside/lineside/sync/proto"
)

// voidSlice is how many devices of a site one transaction looks at when what is
// armed there is taken back: each is two keys, and a document that is signed.
const voidSlice = 200

// void takes back what is armed at a site, if its hello asked for that. A site
// may have more devices than one batch of the log holds. Where it is cut short,
// GoOn or the site's next question goes on.
func (p *Platform) void(id string) error {
	for {
		voiding, site := false, proto.Site(id)
		if err := p.view(func(t *tx) { voiding = t.Member(site).Voiding }); err != nil || !voiding {
			return err
		}
		if err := p.update(func(t *tx) { proto.Void(t, site, voidSlice) }); err != nil {
			return fmt.Errorf("take back what is armed at site %s: %w", id, err)
		}
	}
}

// voidOn goes on wherever it was cut short.
func (p *Platform) voidOn() error {
	var sites []string
	err := p.view(func(t *tx) {
		t.walk(bucketMembers, "", "", func(id string, value []byte) bool {
			var m proto.Member
			t.fail(json.Unmarshal(value, &m))
			if m.Voiding {
				sites = append(sites, id)
			}
			return t.err == nil
		})
	})
	for _, id := range sites {
		if err == nil {
			err = p.void(id)
		}
	}
	return err
}

package central

import (
	"github.com/lineside/lineside/sync/proto"
)

// bucketReseals are the sites whose documents are being sealed to a new box's
// key, with how far that has got.
const bucketReseals = "reseals"

// resealSlice is how many documents one transaction seals: each costs some
// HPKE, and others wait meanwhile.
const resealSlice = 200

// progress is the last document sealed.
type progress struct {
	After string `json:"after"`
}

func (t *tx) resealing(id string) bool {
	var m progress
	return t.get(bucketReseals, id, &m)
}

// reseal seals a site's documents to the key of the box that has joined. Where
// it was cut short, whoever answers the site next goes on: until all is sealed
// the box gets none, because it could not open the rest.
func (p *Platform) reseal(id string) error {
	for more := true; more; {
		if err := p.update(func(t *tx) { more = t.resealSome(id) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) resealSome(id string) (more bool) {
	var m progress
	if !t.get(bucketReseals, id, &m) {
		return false
	}
	prefix := id + "/"
	var names []proto.ID
	t.walk(bucketDocs, prefix, m.After, func(name string, _ []byte) bool {
		if more = len(names) == resealSlice; more {
			return false
		}
		names = append(names, proto.ID(name[len(prefix):]))
		m.After = name
		return true
	})
	for _, name := range names {
		t.rewrite(proto.Site(id), name)
	}
	if more {
		t.put(bucketReseals, id, m)
	} else {
		t.del(bucketReseals, id)
	}
	return more
}

// rewrite writes a document of a site anew, as its next version.
func (t *tx) rewrite(id proto.Site, name proto.ID) {
	d, ok := t.Doc(id, name)
	if !ok || d.Del {
		return
	}
	d.Ver = d.Ver.Next(t.Meta().Epoch)
	d.Del = t.takenBack(name) // it may not have got round to this site yet
	t.SetDoc(id, d)
}

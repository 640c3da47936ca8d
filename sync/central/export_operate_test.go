package central

import (
	"bytes"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// CutShort removes a brand and ends before any site is told.
func (p *Platform) CutShort(name proto.ID) error {
	_, key, _ := wire.SplitID(name)
	return p.update(func(t *tx) {
		t.del(bucketBrands, key)
		t.spread(name)
	})
}

// KeysWith are the keys of the view that hold a text, or whose value does, but
// for those of a bucket.
func (p *Platform) KeysWith(text, but string) (keys []string) {
	_ = p.db.View(func(b *bolt.Tx) error {
		return walkState(b, func(key string, value []byte) error {
			if bytes.Contains(append([]byte(key), value...), []byte(text)) && (but == "" || !strings.HasPrefix(key, but+"/")) {
				keys = append(keys, key)
			}
			return nil
		})
	})
	return keys
}

// MaxActs is how much a site's box may ask for in an hour.
const MaxActs = maxActs

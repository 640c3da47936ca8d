package central

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// The view's file. What is in the log stands in "state", one bucket for each
// kind of noun; "revs" is made from it; "local" is about this copy alone.
var (
	rootState = []byte("state")
	rootRevs  = []byte("revs")
	rootLocal = []byte("local")
)

func makeRoots(b *bolt.Tx) error {
	for _, root := range [][]byte{rootState, rootRevs, rootLocal} {
		if _, err := b.CreateBucketIfNotExists(root); err != nil {
			return err
		}
	}
	return nil
}

// changes are what follows from entries that were applied: the sites whose
// documents changed, those whose box is to be cut off, and the rows of the
// allow-list that may be others now.
type changes struct {
	touched, cut, allow map[string]bool
}

func newChanges() changes {
	return changes{touched: map[string]bool{}, cut: map[string]bool{}, allow: map[string]bool{}}
}

func splitKey(key string) (bucket, name string) {
	bucket, name, _ = strings.Cut(key, "/")
	return bucket, name
}

// lookUp gives a key's value, nil if it has none. It is good until the
// transaction ends.
func lookUp(b *bolt.Tx, key string) []byte {
	bucket, name := splitKey(key)
	in := b.Bucket(rootState).Bucket([]byte(bucket))
	if in == nil {
		return nil
	}
	return in.Get([]byte(name))
}

// apply writes one key, nil deletes it. It is the one way anything gets into
// the view, whether this process made it or another, so views that have
// applied the same entries are the same.
func apply(b *bolt.Tx, key string, value []byte, c changes) error {
	bucket, name := splitKey(key)
	if bucket == "" || name == "" {
		return fmt.Errorf("key %q is not a bucket and a name", key)
	}
	in, err := b.Bucket(rootState).CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	old := in.Get([]byte(name))
	switch bucket {
	case bucketDocs:
		err = applyDoc(b.Bucket(rootRevs), name, old, value, c)
	case bucketSites:
		c.allow[name] = true
		err = applySite(name, old, value, c)
	case bucketVouched, bucketEntered:
		c.allow[name] = true
	}
	if err != nil {
		return fmt.Errorf("apply %s: %w", key, err)
	}
	if value == nil {
		return in.Delete([]byte(name))
	}
	return in.Put([]byte(name), value)
}

// applyDoc keeps the order of a site's documents.
func applyDoc(revs *bolt.Bucket, name string, old, value []byte, c changes) error {
	id, doc, _ := strings.Cut(name, "/")
	c.touched[id] = true
	for i, text := range [][]byte{old, value} {
		if text == nil {
			continue
		}
		var d struct {
			Rev uint64 `json:"rev"`
		}
		if err := json.Unmarshal(text, &d); err != nil {
			return err
		}
		err := revs.Delete(revKey(id, d.Rev))
		if i == 1 {
			err = revs.Put(revKey(id, d.Rev), []byte(doc))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// applySite finds boxes that are no longer believed.
func applySite(id string, old, value []byte, c changes) error {
	var was, is site
	if old == nil {
		return nil
	}
	if err := json.Unmarshal(old, &was); err != nil {
		return err
	}
	if value != nil {
		if err := json.Unmarshal(value, &is); err != nil {
			return err
		}
	}
	if was.Verifier != "" && (is.Verifier != was.Verifier || is.Revoked && !was.Revoked) {
		c.cut[id] = true
	}
	return nil
}

// revKey is where a site's document of a revision is found. A site's name has
// no byte 0.
func revKey(id string, rev uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(id), 0), rev)
}

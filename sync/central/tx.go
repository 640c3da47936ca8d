package central

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/wire"
)

// tx is the view within one transaction. The first error of any step is kept
// and ends the transaction.
type tx struct {
	bolt *bolt.Tx
	p    *Platform
	// group is nil where the transaction only reads.
	group *group
	// page are the documents Docs has given.
	page []wire.SignedDoc
	// spreads says that documents for every site are to be written next.
	spreads bool
	err     error
}

func (t *tx) fail(err error) {
	if t.err == nil && err != nil {
		t.err = err
	}
}

// get reads a value; it is false if there is none.
func (t *tx) get(bucket, name string, v any) bool {
	b := lookUp(t.bolt, bucket+"/"+name)
	if b == nil {
		return false
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.fail(fmt.Errorf("read %s of %s: %w", name, bucket, err))
	}
	return true
}

// put keeps a value.
func (t *tx) put(bucket, name string, v any) { t.putFor(bucket, name, v, 0) }

// putFor keeps a value that the log forgets after a time; what drops it from
// the view is sweep.
func (t *tx) putFor(bucket, name string, v any, ttl time.Duration) {
	b, err := json.Marshal(v)
	if err != nil {
		t.fail(fmt.Errorf("write %s of %s: %w", name, bucket, err))
		return
	}
	t.write(Entry{Key: bucket + "/" + name, Value: b, TTL: ttl})
}

// markFor is how long the log remembers that a key was deleted. A view that
// was away for longer is made anew (maxAway).
const markFor = 90 * 24 * time.Hour

func (t *tx) del(bucket, name string) {
	t.write(Entry{Key: bucket + "/" + name, TTL: markFor})
}

// errReadOnly says that something would have to be written.
var errReadOnly = errors.New("this transaction only reads")

// write writes one entry, unless nothing would change.
func (t *tx) write(e Entry) {
	if t.err != nil {
		return
	}
	switch old := lookUp(t.bolt, e.Key); {
	case e.Value == nil && old == nil, e.Value != nil && bytes.Equal(old, e.Value):
	case t.group == nil:
		t.fail(errReadOnly)
	case len(e.Key) > MaxKey:
		t.fail(fmt.Errorf("the name %.40q… is %d bytes long, want at most %d", e.Key, len(e.Key), MaxKey))
	case len(e.Value) > MaxValue:
		t.fail(fmt.Errorf("%s is %d bytes long, want at most %d", e.Key, len(e.Value), MaxValue))
	default:
		t.fail(t.group.write(e, old))
	}
}

package central

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Tx is what a test's update may do.
type Tx struct{ t *tx }

// Put keeps a value, Fail ends the update, Value reads a number and Size counts
// a bucket's names.
func (x Tx) Put(bucket, name string, v any) { x.t.put(bucket, name, v) }
func (x Tx) Fail(err error)                 { x.t.fail(err) }
func (x Tx) Value(bucket, name string) (n int) {
	x.t.get(bucket, name, &n)
	return n
}
func (x Tx) Size(bucket string) (n int) {
	x.t.walk(bucket, "", "", func(string, []byte) bool { n++; return true })
	return n
}

// Update and View run a test's function.
func (p *Platform) Update(f func(Tx)) error { return p.update(func(t *tx) { f(Tx{t}) }) }
func (p *Platform) View(f func(Tx)) error   { return p.view(func(t *tx) { f(Tx{t}) }) }

// Dump is all that is held, of the log and made from it.
func (p *Platform) Dump() map[string]string {
	all := map[string]string{}
	err := p.view(func(t *tx) {
		t.fail(t.bolt.Bucket(rootState).ForEachBucket(func(name []byte) error {
			return t.bolt.Bucket(rootState).Bucket(name).ForEach(func(k, v []byte) error {
				all[string(name)+"/"+string(k)] = string(v)
				return nil
			})
		}))
		t.fail(t.bolt.Bucket(rootRevs).ForEach(func(k, v []byte) error {
			all[fmt.Sprintf("revs %q", bytes.Clone(k))] = string(v)
			return nil
		}))
	})
	if err != nil {
		panic(err)
	}
	return all
}

// InEpoch is the platform's epoch as the rules count it.
func (p *Platform) InEpoch() (epoch int64) {
	_ = p.view(func(t *tx) { epoch = t.Meta().Epoch })
	return epoch
}

// Boots is how often the platform was started, Applied the log's revision in
// the view.
func (p *Platform) Boots() (n int) {
	_ = p.view(func(t *tx) { n = len(t.Meta().Boots) })
	return n
}

func (p *Platform) Applied() uint64 { return p.applied.Load() }

// Changed is closed at the next commit.
func (p *Platform) Changed() <-chan struct{} { return p.next() }

// Forget makes the view of a closed platform one of another form.
func Forget(path string) error {
	db, err := openView(path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Update(func(b *bolt.Tx) error { return b.Bucket(rootLocal).Put(keyLocal, []byte(`{"schema":0}`)) })
}

// FollowNow has the log read, and waits: the second of these waits in the
// channel until the first is done, the third for the second to be taken.
func (p *Platform) FollowNow() {
	for range 3 {
		p.news <- 0
	}
}

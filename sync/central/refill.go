package central

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ErrNotEmpty says that a log holds something already.
var ErrNotEmpty = errors.New("the platform's stream is not empty: what is in it would be lost")

// refillSlice is how many entries go into the log at once.
const refillSlice = 500

// Refill writes everything a copy of a view holds (CopyTo) into an empty log,
// and gives the number of entries. The platform that is opened on the log then
// has to be told that it was put back (Restored). Cut short it leaves a log
// that is not empty, so that nobody takes it for whole.
func Refill(ctx context.Context, path string, log Log) (n int, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true})
	if err != nil {
		return 0, fmt.Errorf("open the copy %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	after, err := log.Read(ctx, 0, func(Entry) error { return ErrNotEmpty })
	if err != nil {
		return 0, err
	}
	var slice []Entry
	flush := func() error {
		if len(slice) == 0 {
			return nil
		}
		slice[len(slice)-1].TTL = 0 // the log's end is always there to be seen
		after, err = log.Append(ctx, after, slice)
		n, slice = n+len(slice), slice[:0]
		return err
	}
	err = db.View(func(b *bolt.Tx) error {
		return walkState(b, func(key string, value []byte) error {
			e := Entry{Key: key, Value: append([]byte(nil), value...)}
			if strings.HasPrefix(key, bucketEvents+"/") {
				e.TTL = keepEvents
			}
			if slice = append(slice, e); len(slice) < refillSlice {
				return nil
			}
			return flush()
		})
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return n, fmt.Errorf("write the copy into the platform's stream: %w", err)
	}
	if n == 0 {
		return 0, fmt.Errorf("%s is no copy of a platform's database: it holds nothing", path)
	}
	return n, nil
}

// walkState calls f for every key of a view that is in the log as well.
func walkState(b *bolt.Tx, f func(key string, value []byte) error) error {
	root := b.Bucket(rootState)
	if root == nil {
		return errors.New("it is no platform's database")
	}
	return root.ForEachBucket(func(name []byte) error {
		return root.Bucket(name).ForEach(func(k, v []byte) error { return f(string(name)+"/"+string(k), v) })
	})
}

// Unused says whether the view at path is in no process's hands; none there is
// well too.
func Unused(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("%s is in use by a running platform, or cannot be opened: %w", path, err)
	}
	return db.Close()
}

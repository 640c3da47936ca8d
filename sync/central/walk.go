package central

import "bytes"

// walk calls f for the names of a bucket that begin with prefix and come after
// the name after, in order, until f says false. f writes nothing.
func (t *tx) walk(bucket, prefix, after string, f func(name string, value []byte) bool) {
	in := t.bolt.Bucket(rootState).Bucket([]byte(bucket))
	if in == nil {
		return
	}
	c := in.Cursor()
	k, v := c.Seek([]byte(max(prefix, after)))
	if after != "" && string(k) == after {
		k, v = c.Next()
	}
	for ; k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		if !f(string(k), v) {
			return
		}
	}
}

package central

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/proto"
)

// Before is what is known of the platform as it was before a backup was put
// back: who had been shut out since, which no backup knows.
type Before struct{ sites map[string]site }

// ReadBefore reads it from a view that nobody uses any more.
func ReadBefore(path string) (*Before, error) {
	if _, err := os.Stat(path); err != nil { // bbolt would make one
		return nil, fmt.Errorf("read what was there before: %w", err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read what was there before: %w", err)
	}
	defer func() { _ = db.Close() }() // only read
	was := &Before{sites: map[string]site{}}
	err = db.View(func(b *bolt.Tx) error {
		root := b.Bucket(rootState)
		if root == nil || root.Bucket([]byte(bucketSites)) == nil {
			return errors.New("it holds no sites")
		}
		return root.Bucket([]byte(bucketSites)).ForEach(func(id, value []byte) error {
			var s site
			err := json.Unmarshal(value, &s)
			was.sites[string(id)] = s
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what was there before: %w", err)
	}
	return was, nil
}

// ShutOut is a site whose box a backup would let in and that is revoked
// instead.
type ShutOut struct {
	Site string `json:"site"`
	Name string `json:"name"`
	// Why is what had happened since the backup, in words.
	Why string `json:"why"`
}

// cut says why a box of the backup may not be let in, "" where it may.
func (was *Before) cut(id string, s site) string {
	if was == nil || s.Verifier == "" || s.Revoked {
		return ""
	}
	now, there := was.sites[id]
	switch {
	case !there || now.Removing:
		return "it had been removed"
	case now.Revoked:
		return "it had been revoked"
	case now.Verifier != s.Verifier:
		return "it had been given another box"
	}
	return ""
}

// PutBack is what a backup brought back, and what it did not.
type PutBack struct {
	// Voided are the operators' tokens that are void now, Uninvited the sites
	// whose join token is: whether one of the backup was used or removed since,
	// it cannot know.
	Voided    []string `json:"voided"`
	Uninvited []string `json:"uninvited"`
	// ShutOut are the sites that are revoked again, Alive those whose boxes are
	// let in.
	ShutOut []ShutOut `json:"shut_out"`
	Alive   []string  `json:"alive"`
}

// cutSlice is how many sites one transaction changes: a batch of the log is
// bounded.
const cutSlice = 100

// Restored says that the platform was put back from a copy. A new epoch begins,
// and every site merges in full. Whoever had been shut out since stays so as far
// as was tells; nil is nothing. Cut short, it may be run again.
func (p *Platform) Restored(was *Before) (out PutBack, err error) {
	if err := p.update(func(t *tx) { proto.Restored(t, p.now().Unix(), 0) }); err != nil {
		return out, err
	}
	if out.Voided, err = p.As("restore").voidTokens(); err != nil {
		return out, err
	}
	var change []string
	err = p.view(func(t *tx) {
		t.walk(bucketSites, "", "", func(id string, value []byte) bool {
			var s site
			if !t.read(value, &s) {
				return false
			}
			why := was.cut(id, s)
			switch {
			case why != "":
				out.ShutOut = append(out.ShutOut, ShutOut{Site: id, Name: s.Name, Why: why})
			case s.Verifier != "" && !s.Revoked:
				out.Alive = append(out.Alive, id)
			}
			if s.JoinHash != nil {
				out.Uninvited = append(out.Uninvited, id)
			}
			if why != "" || s.JoinHash != nil {
				change = append(change, id)
			}
			return true
		})
	})
	for len(change) > 0 && err == nil {
		n := min(cutSlice, len(change))
		err = p.update(func(t *tx) {
			for _, id := range change[:n] {
				t.shutOut(id, was)
			}
		})
		change = change[n:]
	}
	return out, err
}

// shutOut makes a site's join token void, and revokes it where it is to be.
func (t *tx) shutOut(id string, was *Before) {
	s, _ := t.site(id)
	t.setInvite(id, &s, nil, time.Time{}, tokenRestored)
	if why := was.cut(id, s); why != "" {
		s.Revoked = true
		t.del(bucketVouched, id)
		t.audited("restore", Deed{What: "site revoked", Site: id, Detail: why + " since the backup"})
	}
	t.setSite(id, s)
}

// voidTokens makes every operator's token void and gives their names.
func (o Operator) voidTokens() (names []string, err error) {
	return names, o.change(Deed{What: "put back from a backup"}, func(t *tx, c *Deed) {
		names = nil
		var hashes []string
		t.tokens(func(hash string, one OperatorToken) {
			hashes, names = append(hashes, hash), append(names, one.Name+" ("+one.Role+")")
		})
		for _, hash := range hashes {
			t.del(bucketTokens, hash)
		}
		c.Detail = fmt.Sprintf("%d tokens are void", len(hashes))
	})
}

package store

import (
	"fmt"

	"github.com/lineside/lineside/phone"
)

// bucketText is no bucket: what is sealed for it is kept elsewhere, in a backup.
const bucketText = "text"

// SealText seals a text that is kept outside of the database, under its name, as the
// database's own secrets are.
func (s *Store) SealText(name string, text phone.Secret) string {
	return s.key.sealer(bucketText, name).seal("text", text)
}

// OpenText reads what SealText made under the same key and name.
func OpenText(key Key, name, sealed string) (phone.Secret, error) {
	text, err := key.sealer(bucketText, name).open("text", sealed)
	if err != nil {
		return text, fmt.Errorf("open %s: %w", name, err)
	}
	return text, nil
}

package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// The database's page format, as far as it is needed to follow its trees:
//
//	page     id 8, flags 2, count 2, overflow 4; then count elements of 16 bytes
//	branch   element: key at 4, its length 4, child page 8
//	leaf     element: flags 4, key at 4, its length 4, value's length 4
//	bucket   value of a leaf element: root page 8, sequence 8; a root of 0 is
//	         followed by a leaf page within the value
//
// Numbers are little-endian on all machines we build for. Places are counted
// from the element.
const (
	pageHead    = 16
	element     = 16
	branchPage  = 1
	leafPage    = 2
	bucketEntry = 1
	maxOverflow = 4096 // pages: far more than the largest record takes
)

// checkTrees makes sure that every page in use is where its tree says, is what
// it should be, and is used once. The database itself believes its pages: from
// one that was never written it may go round in circles, without end and
// without a fault that could be caught.
func checkTrees(db *bolt.DB, file *os.File) error {
	return db.View(func(tx *bolt.Tx) error {
		size := db.Info().PageSize
		t := trees{file: file, size: size, seen: make([]bool, tx.Size()/int64(size))}
		return t.follow(uint64(tx.Cursor().Bucket().Root()))
	})
}

type trees struct {
	file io.ReaderAt
	size int    // of a page
	seen []bool // by page
	// spare are pages read and done with: one is wanted for each level only.
	spare [][]byte
}

// follow checks a page and all below it.
func (t *trees) follow(id uint64) error {
	page, err := t.read(id)
	if err != nil {
		return err
	}
	defer func() { t.spare = append(t.spare, page[:t.size]) }()
	flags, count := binary.LittleEndian.Uint16(page[8:]), int(binary.LittleEndian.Uint16(page[10:]))
	if pageHead+count*element > len(page) {
		return fmt.Errorf("%w: page %d has no room for %d elements", errDamaged, id, count)
	}
	for i := range count {
		e := page[pageHead+i*element:]
		switch {
		case flags == leafPage:
			err = t.leaf(e)
		case uint64(binary.LittleEndian.Uint32(e))+uint64(binary.LittleEndian.Uint32(e[4:])) > uint64(len(e)):
			err = fmt.Errorf("%w: a key beyond its page", errDamaged)
		default:
			err = t.follow(binary.LittleEndian.Uint64(e[8:]))
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	return nil
}

// read gives a page with what it runs over into.
func (t *trees) read(id uint64) ([]byte, error) {
	page := t.blank()
	if err := t.use(id, 1); err != nil {
		return nil, err
	}
	if _, err := t.file.ReadAt(page, int64(id)*int64(t.size)); err != nil {
		return nil, fmt.Errorf("%w: page %d: %w", errDamaged, id, err)
	}
	flags, count := binary.LittleEndian.Uint16(page[8:]), binary.LittleEndian.Uint16(page[10:])
	over := uint64(binary.LittleEndian.Uint32(page[12:]))
	switch {
	case binary.LittleEndian.Uint64(page) != id, over > maxOverflow,
		flags != leafPage && (flags != branchPage || count == 0):
		return nil, fmt.Errorf("%w: page %d is none of its tree", errDamaged, id)
	case over == 0:
		return page, nil
	}
	if err := t.use(id+1, over); err != nil {
		return nil, err
	}
	page = append(page, make([]byte, int(over)*t.size)...)
	if _, err := t.file.ReadAt(page[t.size:], int64(id+1)*int64(t.size)); err != nil {
		return nil, fmt.Errorf("%w: page %d: %w", errDamaged, id, err)
	}
	return page, nil
}

// use notes so many pages as used.
func (t *trees) use(id, n uint64) error {
	for ; n > 0; id, n = id+1, n-1 {
		if id < 2 || id >= uint64(len(t.seen)) || t.seen[id] { // the first two are the heads
			return fmt.Errorf("%w: page %d is used twice or does not exist", errDamaged, id)
		}
		t.seen[id] = true
	}
	return nil
}

// blank is room for a page.
func (t *trees) blank() []byte {
	if n := len(t.spare); n > 0 {
		page := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return page
	}
	return make([]byte, t.size)
}

// leaf checks an element of a leaf page and, if it is a bucket, what is in it.
// e reaches to the end of its page.
func (t *trees) leaf(e []byte) error {
	at := uint64(binary.LittleEndian.Uint32(e[4:])) + uint64(binary.LittleEndian.Uint32(e[8:]))
	end := at + uint64(binary.LittleEndian.Uint32(e[12:]))
	if end > uint64(len(e)) {
		return fmt.Errorf("%w: a record beyond its page", errDamaged)
	}
	if binary.LittleEndian.Uint32(e) != bucketEntry {
		return nil
	}
	value := e[at:end]
	if len(value) < 16 {
		return fmt.Errorf("%w: a bucket of %d bytes", errDamaged, len(value))
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return t.follow(root)
	}
	return inline(value[16:])
}

// inline checks a small bucket's page within a value. Nothing of ours nests
// buckets in it.
func inline(page []byte) error {
	if len(page) < pageHead || binary.LittleEndian.Uint16(page[8:]) != leafPage {
		return fmt.Errorf("%w: a bucket without a page", errDamaged)
	}
	count := int(binary.LittleEndian.Uint16(page[10:]))
	if pageHead+count*element > len(page) {
		return fmt.Errorf("%w: a bucket has no room for %d elements", errDamaged, count)
	}
	for i := range count {
		e := page[pageHead+i*element:]
		if binary.LittleEndian.Uint32(e) == bucketEntry {
			return fmt.Errorf("%w: a bucket within a small one", errDamaged)
		}
		var none trees
		if err := none.leaf(e); err != nil {
			return err
		}
	}
	return nil
}

package site

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// tellFirst tells the desk what a page of documents changes before the page is
// kept, so that a change is in force after one commit and not after three: what
// the rules would make of the page is tried on a draft. It gives the documents
// the desk has taken. Whatever is between, a crash or a desk that cannot, the
// page is read or the desk is told once more, which changes nothing. Until the
// page is kept the rules let nobody in by what is new in it. While the link is
// not in step yet the pages are those of all there is, and are kept first.
func (s *Site) tellFirst(ctx context.Context, p proto.Reply, docs map[proto.ID]wire.SignedDoc, opened map[proto.ID]wire.Doc) (told []wire.Doc, err error) {
	s.mu.Lock()
	link := s.link
	s.mu.Unlock()
	if len(docs) == 0 || link.Phase() != proto.InStep {
		return nil, nil
	}
	var todo []wire.Doc
	err = s.records.Sync(ctx, func(under Tx) ([]audit.Record, error) {
		d := &draft{Tx: under, put: map[string][]byte{}}
		t := &tx{Tx: d, docs: docs}
		link.Heard(t, p)
		for _, name := range slices.Sorted(maps.Keys(d.put)) {
			if id, ok := strings.CutPrefix(name, todoOf); ok && d.put[name] != nil {
				todo = append(todo, t.known(proto.ID(id), opened[proto.ID(id)]))
			}
		}
		return nil, t.err
	})
	if err != nil {
		return nil, err
	}
	for _, d := range todo {
		if err := s.apply(ctx, d); err != nil {
			break // it is told again once the page is kept
		}
		told = append(told, d)
	}
	return told, nil
}

// draft is a Tx that keeps to itself what is put.
type draft struct {
	Tx
	put map[string][]byte
}

func (d *draft) Get(name string) []byte {
	if value, ok := d.put[name]; ok {
		return value
	}
	return d.Tx.Get(name)
}

func (d *draft) Put(name string, value []byte) { d.put[name] = value }

func (d *draft) Names(prefix string) []string {
	there := map[string]bool{}
	for _, name := range d.Tx.Names(prefix) {
		there[name] = true
	}
	for name, value := range d.put {
		if strings.HasPrefix(name, prefix) {
			there[name] = value != nil
		}
	}
	maps.DeleteFunc(there, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(there))
}

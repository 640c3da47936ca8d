package store

import (
	"bytes"
	"maps"
	"slices"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxMoves is up to how many changed records the order is mended; past it, it is
// made anew when somebody asks.
const maxMoves = 64

// Records gives every record in order of MAC, and copies none: they are shared
// and must not be changed. It costs eight bytes a device in memory, and spares
// a list of 10,000 devices most of its time.
func (s *Store) Records() []*auth.Record {
	s.mu.RLock()
	list := slices.Clone(s.ordered)
	s.mu.RUnlock()
	if list != nil {
		return list
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ordered == nil {
		s.ordered = slices.SortedFunc(maps.Values(s.devices), func(a, b *auth.Record) int {
			return bytes.Compare(a.Device.MAC[:], b.Device.MAC[:])
		})
	}
	return slices.Clone(s.ordered)
}

// reorderLocked has the order follow changed records, nil for one that is gone.
func (s *Store) reorderLocked(changed map[phone.MAC]*auth.Record) {
	if len(changed) > maxMoves {
		s.ordered = nil
	}
	if s.ordered == nil {
		return
	}
	for mac, rec := range changed {
		i, there := slices.BinarySearchFunc(s.ordered, mac, func(r *auth.Record, mac phone.MAC) int {
			return bytes.Compare(r.Device.MAC[:], mac[:])
		})
		switch {
		case there && rec != nil:
			s.ordered[i] = rec
		case there:
			s.ordered = slices.Delete(s.ordered, i, i+1)
		case rec != nil:
			s.ordered = slices.Insert(s.ordered, i, rec)
		}
	}
}

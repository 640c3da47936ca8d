package vendors

import (
	"bytes"
	"sync"
)

// scratch is the room in which configs are written, one after the other, so that
// the largest of them costs no more memory than its own bytes, which are a copy.
type scratch struct {
	ps    params
	out   []byte
	tree  tree
	modes [2]scriptModes
}

// usualParams is how many parameters a full config has, and usualBytes how long
// it is.
const (
	usualParams = 768
	usualBytes  = 32 << 10
)

// newRoom is where renders, however many at a time, have their scratch from.
func newRoom() *sync.Pool {
	return &sync.Pool{New: func() any {
		return &scratch{ps: make(params, 0, usualParams), out: make([]byte, 0, usualBytes)}
	}}
}

// wipe takes the text out, which has the phone's secrets.
func (s *scratch) wipe() {
	clear(s.out)
	for i := range s.modes {
		clear(s.modes[i].text[:cap(s.modes[i].text)])
	}
	s.ps, s.out = s.ps[:0], s.out[:0]
}

// body is a copy of what was written, if it was.
func (s *scratch) body(b []byte, err error) ([]byte, error) {
	if err != nil {
		s.out = s.out[:cap(s.out)] // how far it came nobody said
		return nil, err
	}
	s.out = b
	return bytes.Clone(b), nil
}

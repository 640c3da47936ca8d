package sipd

import "slices"

// numbers are the emergency numbers that are answered now.
func (s *Server) numbers() numbers { return *s.helplines.Load() }

// maxFormerNumbers bounds the numbers that are answered besides the site's.
const maxFormerNumbers = 32

// SetSite has other emergency numbers and SBCs count from the next call on.
// Calls that run or are being offered go on with the SBCs they began with. A
// number that is no longer the site's is answered until the next start: phones
// have it in their configs until they have fetched again, and whoever dials it
// needs help. It may be called at any time.
func (s *Server) SetSite(emergency []string, sbcs []SBC) {
	s.helpMu.Lock()
	defer s.helpMu.Unlock()
	next := slices.Clone(emergency)
	for _, number := range s.numbers() {
		if !slices.Contains(next, number) && len(next) < len(emergency)+maxFormerNumbers {
			next = append(next, number)
		}
	}
	s.helplines.Store((*numbers)(&next))
	s.sbcs.recall(s.sbcs.set(sbcs))
	s.sbcs.askNow()
}

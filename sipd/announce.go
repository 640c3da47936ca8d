package sipd

import (
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/voice"
)

// Bounds of announcements before a refusal: sound goes to who has confirmed nothing
// yet, so it is little, and strangers leave room for phones that are registered.
const (
	announceFor  = 9 * time.Second // longer than the prompt; the phone's own way out waits for it
	announcedAll = 16
	announcedNew = 8 // of them to addresses where no phone is registered
)

// announced are the callers that hear an announcement, one of an address.
type announced struct {
	mu  sync.Mutex
	by  map[netip.Addr]bool // whether a phone is registered there
	new int
}

func (a *announced) begin(from netip.Addr, registered bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, hears := a.by[from]; hears || len(a.by) >= announcedAll || !registered && a.new >= announcedNew {
		return false
	}
	if a.by == nil {
		a.by = make(map[netip.Addr]bool)
	}
	if a.by[from] = registered; !registered {
		a.new++
	}
	return true
}

func (a *announced) end(from netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.by[from] {
		a.new--
	}
	delete(a.by, from)
}

// announce lets a caller hear that its call for help cannot be connected, before it
// is told so by the answer: as early media (183), never by taking the call, for a
// phone that knows another way tries it after a refusal only. It goes to where the
// INVITE came from and nowhere else; who offers no sound the box speaks, or sound
// elsewhere, is refused without.
func (s *Server) announce(req *sip.Request, tx sip.ServerTransaction, gone <-chan struct{}) {
	from := remote(req).Addr()
	offer, status, _ := description(req)
	if s.dep.Sound == nil || status != 0 || offer.Remote.Addr() != from || !s.announced.begin(from, s.bindings.at(from)) {
		return
	}
	defer s.announced.end(from)
	caller := legOf(req, tx) // a dialog of its own: an SBC's early media may have been another's
	media, err := s.announcement(caller, offer)
	if err != nil {
		s.dep.Log.Debug("an announcement could not be made", "remote", from, "err", err)
		return
	}
	defer media.Close()
	early := caller.answer(req, sip.StatusSessionInProgress, "Session Progress")
	describe(early, media.Answer())
	s.reply(tx, early)
	media.Start()
	end := time.NewTimer(announceFor)
	defer end.Stop()
	select {
	case <-media.Events(): // it has nothing to say but that it is over
	case <-gone:
	case <-end.C:
	case <-s.context().Done():
	}
}

// announcement is the sound of one.
func (s *Server) announcement(caller *leg, offer voice.Description) (*voice.Call, error) {
	dialogue, err := voice.NewDialogue(voice.DialogueConfig{Entry: voice.NoRoute, Longest: announceFor})
	if err != nil {
		return nil, err
	}
	conn, err := s.cfg.Media.Open(caller.via().Addr())
	if err != nil {
		return nil, err
	}
	return s.dep.Sound.Open(conn, voice.Leg{
		Offer: offer, Source: caller.to.Addr(), Language: s.cfg.Language, Dialogue: dialogue, Emergency: true,
	})
}

package provision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// ErrUnproven is returned for a PIN entered for a device as which callers ask
// that layer 2 does not prove: the operator has to say which is the phone.
var ErrUnproven = errors.New("nothing proves which caller is this phone")

// Bounds of what is remembered of callers on hold: the last few of each known
// device, for as long as a PIN lasts.
const (
	maxOnHold  = 4
	holdMemory = 8 * time.Hour
)

// onHold remembers which callers were given a device's holding config. Anybody
// can ask for it under any MAC, so a right PIN must be tied to one of them. Those
// who were given it before the device was set up stand on the visitors table
// until then.
type onHold struct {
	mu sync.Mutex
	of map[phone.MAC][]holder
}

type holder struct {
	by     string
	proven bool
	at     time.Time
}

// add notes that somebody was given mac's holding config.
func (h *onHold) add(mac phone.MAC, x holder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = make(map[phone.MAC][]holder)
	}
	h.of[mac] = held(h.of[mac], x)
}

// held puts x among those who were given a holding config.
func held(list []holder, x holder) []holder {
	list = slices.DeleteFunc(list, func(old holder) bool { return old.by == x.by || x.at.Sub(old.at) > holdMemory })
	if len(list) >= maxOnHold { // the oldest goes, but never a proven one
		i := max(0, slices.IndexFunc(list, func(x holder) bool { return !x.proven }))
		list = slices.Delete(list, i, i+1)
	}
	return append(list, x)
}

// forget is for a device that is on hold no more.
func (h *onHold) forget(mac phone.MAC) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.of, mac)
}

// whose is the caller a PIN for mac is meant for: the proven one; empty where
// nobody asked yet. One that only claims to be the phone is never picked
// silently, not even the only one: it may be a stranger who was faster.
func (h *onHold) whose(now time.Time, mac phone.MAC) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for _, x := range h.of[mac] {
		switch {
		case now.Sub(x.at) > holdMemory:
		case x.proven:
			return x.by, nil
		default:
			names = append(names, x.by)
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return "", fmt.Errorf("%s: %w; lately asked: %s", mac, ErrUnproven, strings.Join(names, ", "))
}

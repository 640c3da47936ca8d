package wire

import (
	"fmt"
	"time"
)

// PathRelease is where a site with a session of the HTTPS transport fetches a
// release: GET, the version behind it, with or without a Range.
const PathRelease = HTTPPrefix + "/release/"

// Rollout is the release a site's box is to take by itself. It stands in the
// site's Policy; a box that knows no rollouts leaves it alone.
type Rollout struct {
	Version string `json:"version"`
	// Size is the file's in bytes, SHA256 its digest in hex digits. They say that
	// what came is what the platform keeps; whose it is the makers' signature says.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Window is when it may be fetched and tried, by the site's clock on the wall
	// (ParseWindow); empty is at any time.
	Window string `json:"window,omitempty"`
}

// Window is a stretch of every day, in minutes after midnight. It may go over
// midnight; with From and To the same it is the whole day.
type Window struct{ From, To int }

// ParseWindow reads a window such as 01:00-04:00; empty is the whole day.
func ParseWindow(text string) (w Window, err error) {
	if text == "" {
		return w, nil
	}
	var h, m [2]int
	n, err := fmt.Sscanf(text, "%02d:%02d-%02d:%02d", &h[0], &m[0], &h[1], &m[1])
	w = Window{h[0]*60 + m[0], h[1]*60 + m[1]}
	if n != 4 || err != nil || w.From < 0 || w.To < 0 || w.String() != text {
		return Window{}, fmt.Errorf("window: %.20q is none; write one such as 01:00-04:00", text)
	}
	return w, nil
}

// String is the window as ParseWindow reads it.
func (w Window) String() string {
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60%24, m%60) }
	return clock(w.From) + "-" + clock(w.To)
}

// Holds says whether a moment, in the zone it is given in, lies in the window.
// The end does not.
func (w Window) Holds(now time.Time) bool {
	at := now.Hour()*60 + now.Minute()
	switch {
	case w.From < w.To:
		return w.From <= at && at < w.To
	case w.From > w.To:
		return w.From <= at || at < w.To
	}
	return true
}

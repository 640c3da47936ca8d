package admin

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// sortColumns are what a list of devices can be ordered by; the first is what it
// is where the caller names none.
func sortColumns() []string {
	return []string{"mac", "vendor", "model", "label", "owner", "extension", "state", "created", "seen", "address", "firmware"}
}

// fewHits is up to how many of a list's first hits are picked out in place of
// ordering all of them.
const fewHits = 256

// order puts hits, which are in order of MAC, in that of the query, as far as the
// first n of them go. A device of which the column says nothing is last both
// ways; the same again is by MAC.
func (s *Server) order(q query, hits []hit, n int) {
	if q.sort == "" || q.sort == "mac" {
		if q.down {
			slices.Reverse(hits)
		}
		return
	}
	for i := range hits {
		hits[i].key = s.sortKey(q.sort, &hits[i])
	}
	if n > fewHits || n >= len(hits) {
		slices.SortFunc(hits, q.compare)
		return
	}
	pick(hits, n, q.compare)
}

// pick brings the first n of hits to the front, in order; the rest is as it comes.
func pick(hits []hit, n int, compare func(a, b hit) int) {
	if n == 0 {
		return
	}
	slices.SortFunc(hits[:n], compare)
	for i := n; i < len(hits); i++ {
		if compare(hits[i], hits[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(hits[:n], hits[i], compare)
		h := hits[i]
		hits[i] = hits[n-1]
		copy(hits[at+1:n], hits[at:n-1])
		hits[at] = h
	}
}

// compare orders two hits by their keys.
func (q query) compare(a, b hit) int {
	switch {
	case a.key == b.key:
		return bytes.Compare(a.rec.Device.MAC[:], b.rec.Device.MAC[:])
	case a.key == "":
		return 1
	case b.key == "":
		return -1
	case q.down:
		return strings.Compare(b.key, a.key)
	}
	return strings.Compare(a.key, b.key)
}

// sortKey is text that compares as the column's values do.
func (s *Server) sortKey(column string, h *hit) string {
	d := &h.rec.Device
	switch column {
	case "vendor":
		return string(d.Vendor)
	case "model":
		return strings.ToLower(d.Model)
	case "label":
		return strings.ToLower(d.Label)
	case "state":
		return string(h.state)
	case "created":
		return timeKey(d.Created)
	case "owner", "extension":
		return s.ownerKey(column, d.Owner)
	}
	seen, ok := s.dep.Desk.Seen(d.MAC)
	switch {
	case column == "seen" && ok:
		return timeKey(seen.At)
	case column == "firmware":
		return strings.ToLower(seen.Firmware)
	case column == "address" && seen.Addr.IsValid():
		a := seen.Addr.As16()
		return string(a[:])
	}
	return ""
}

// ownerKey orders by last name as people look for it, and extensions as numbers.
func (s *Server) ownerKey(column, id string) string {
	if id == "" {
		return ""
	}
	u, err := s.dep.Desk.User(id)
	if column == "owner" {
		return strings.ToLower(strings.TrimSpace(u.Last+" "+u.First) + "\x00" + id)
	}
	if err != nil || u.Extension == "" {
		return ""
	}
	return strings.Repeat("0", max(0, phone.MaxExtension-len(u.Extension))) + u.Extension
}

// timeKey is a time after 1970; an earlier one is none.
func timeKey(t time.Time) string {
	if t.Unix() <= 0 {
		return ""
	}
	return string(binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())))
}

package dhcpopt

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Places of the fixed header, RFC 2131 section 2.
const (
	atHops    = 3
	atFlags   = 10
	atCiaddr  = 12
	atYiaddr  = 16
	atGiaddr  = 24
	atChaddr  = 28
	atSname   = 44
	atFile    = 108
	atCookie  = 236
	minLetter = 300 // BOOTP clients take nothing shorter, RFC 1542 section 2.1
)

// Codes that are no option of their own.
const (
	padCode      = 0
	endCode      = 255
	overloadCode = 52
	relayCode    = 82
)

// magicCookie says that options follow, RFC 2131 section 3.
const magicCookie = 0x63825363

// entry is one option where it stands in an area, or a run of pads.
type entry struct {
	code  uint8
	raw   []byte // with code and length
	value []byte
}

// entries lists the options of an area, and the pads between them, up to its
// end. The area may lack the end option; one that an option runs out of is
// malformed.
func entries(area []byte) ([]entry, error) {
	var list []entry
	for len(area) > 0 {
		switch area[0] {
		case padCode:
			n := len(area) - len(bytes.TrimLeft(area, "\x00"))
			list = append(list, entry{code: padCode, raw: area[:n]})
			area = area[n:]
			continue
		case endCode:
			return list, nil
		}
		if len(area) < 2 || len(area) < 2+int(area[1]) {
			return nil, errMalformed
		}
		n := 2 + int(area[1])
		list = append(list, entry{area[0], area[:n], area[2:n]})
		area = area[n:]
	}
	return list, nil
}

// letter is a message of another machine, on its way through a relay: bytes
// that are to stay as they are, but for the options that are not.
type letter struct {
	data    []byte // fixed fields and cookie are the first minPacket bytes
	options []entry
	file    []entry // nil: the field holds no options
	sname   []entry
}

// open takes a message apart. Option 52 says whether the fields file and sname
// hold options too (RFC 2132 section 9.3); one that stands in there itself
// counts for nothing, so none can lead in a circle.
func open(data []byte) (letter, error) {
	if len(data) < minPacket || len(data) > maxPacket || binary.BigEndian.Uint32(data[atCookie:]) != magicCookie {
		return letter{}, errMalformed
	}
	l := letter{data: data}
	var err error
	if l.options, err = entries(data[minPacket:]); err != nil {
		return letter{}, err
	}
	over := l.overload()
	if over&1 != 0 {
		if l.file, err = entries(data[atFile:atCookie]); err != nil {
			return letter{}, err
		}
	}
	if over&2 != 0 {
		if l.sname, err = entries(data[atSname:atFile]); err != nil {
			return letter{}, err
		}
	}
	return l, nil
}

func (l letter) overload() byte {
	for _, e := range l.options {
		if e.code == overloadCode && len(e.value) == 1 {
			return e.value[0]
		}
	}
	return 0
}

// get gives an option's value, its parts joined in the order of RFC 3396
// section 5: options, file, sname.
func (l letter) get(code uint8) ([]byte, bool) {
	var value []byte
	found := false
	for _, area := range [][]entry{l.options, l.file, l.sname} {
		for _, e := range area {
			if e.code == code {
				value, found = append(value, e.value...), true
			}
		}
	}
	return value, found
}

// without is the message less the options of these codes, wherever they stand,
// and with the others added before its end as far as it stays within most
// bytes; left are those that found no room. What else is in it keeps its bytes
// and its order, and a message that is padded behind its end keeps its length:
// it is what the sender wants it to be. Where nothing goes and nothing comes it
// is the message as it was.
func (l letter) without(codes []uint8, add []option, most int) (data []byte, left []uint8) {
	gone := func(e entry) bool { return slices.Contains(codes, e.code) }
	out := slices.Clone(l.data[:minPacket])
	if slices.ContainsFunc(l.file, gone) {
		rewrite(out[atFile:atCookie], l.file, gone)
	}
	if slices.ContainsFunc(l.sname, gone) {
		rewrite(out[atSname:atFile], l.sname, gone)
	}
	for _, e := range l.options {
		if !gone(e) {
			out = append(out, e.raw...)
		}
	}
	for _, o := range add {
		if len(o.value) > maxOption || len(out)+o.size()+1 > most {
			left = append(left, o.code)
			continue
		}
		out = append(append(out, o.code, byte(len(o.value))), o.value...)
	}
	if len(left) == len(add) && !l.holds(gone) {
		return slices.Clone(l.data), left
	}
	out = append(out, endCode)
	size := min(len(l.data), minLetter)
	if l.padded() {
		size = len(l.data)
	}
	return append(out, make([]byte, max(0, size-len(out)))...), left
}

// holds reports that one of the options is there.
func (l letter) holds(one func(entry) bool) bool {
	return slices.ContainsFunc(l.options, one) || slices.ContainsFunc(l.file, one) || slices.ContainsFunc(l.sname, one)
}

// padded reports that something stands behind the end of the options.
func (l letter) padded() bool {
	end := minPacket
	for _, e := range l.options {
		end += len(e.raw)
	}
	return end+1 < len(l.data)
}

// rewrite fills a field that holds options with those that stay.
func rewrite(field []byte, list []entry, gone func(entry) bool) {
	clear(field[copyEntries(field, list, gone):])
}

func copyEntries(field []byte, list []entry, gone func(entry) bool) int {
	n := 0
	for _, e := range list {
		if !gone(e) {
			n += copy(field[n:], e.raw) // shorter than what stood there, so it fits
		}
	}
	if n < len(field) {
		field[n] = endCode
		n++
	}
	return n
}

package tftpd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// Opcodes of RFC 1350 and RFC 2347.
const (
	opRead uint16 = iota + 1
	opWrite
	opData
	opAck
	opError
	opOptions
)

const (
	// maxRequest bounds a request packet, in bytes (RFC 2347 has 512).
	maxRequest = 512
	// maxName bounds a file's name as sent, folders included.
	maxName = 128
	// maxOptions bounds how many options one request may carry.
	maxOptions = 8
)

// What a request can be wrong in. errorPacket has the answer to each.
var (
	errMalformed = errors.New("malformed")
	errWrite     = errors.New("write request")
	errMode      = errors.New("unknown mode")
	errName      = errors.New("impossible name")
)

// request is a read request that is fit to be asked at the desk.
type request struct {
	name     string // without a leading slash and without "cfg/"
	netascii bool
	blksize  int // 0 where not asked for
	tsize    bool
}

// parseRequest reads a read request.
func parseRequest(b []byte) (request, error) {
	if len(b) < 2 || len(b) > maxRequest {
		return request{}, errMalformed
	}
	switch binary.BigEndian.Uint16(b) {
	case opRead:
	case opWrite:
		return request{}, errWrite
	default:
		return request{}, errMalformed
	}
	rawName, rest, ok := bytes.Cut(b[2:], []byte{0})
	mode, rest, ok2 := bytes.Cut(rest, []byte{0})
	if !ok || !ok2 {
		return request{}, errMalformed
	}
	var req request
	switch {
	case bytes.EqualFold(mode, []byte("octet")):
	case bytes.EqualFold(mode, []byte("netascii")):
		req.netascii = true
	default:
		return request{}, errMode
	}
	if req.name, ok = fileOf(rawName); !ok {
		return request{}, errName
	}
	if !req.parseOptions(rest) {
		return request{}, errMalformed
	}
	return req, nil
}

// fileOf gives the file a name as sent means, and whether it can mean one.
func fileOf(raw []byte) (string, bool) {
	for _, c := range raw {
		if c < ' ' || c > '~' || c == '\\' {
			return "", false
		}
	}
	name := strings.TrimLeft(string(raw), "/")
	if rest, ok := strings.CutPrefix(name, "cfg/"); ok {
		name = strings.TrimLeft(rest, "/")
	}
	return name, name != "" && len(raw) <= maxName && !strings.Contains(name, "..")
}

// parseOptions reads pairs of name and value, each ended by NUL. Options we do
// not serve, and values out of range, are ignored (RFC 2347). Zeros behind the
// last pair are padding.
func (r *request) parseOptions(b []byte) bool {
	var seenSize bool
	for range maxOptions + 1 {
		if len(bytes.Trim(b, "\x00")) == 0 {
			return true
		}
		name, rest, ok := bytes.Cut(b, []byte{0})
		value, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(name) == 0 {
			return false
		}
		b = rest
		switch {
		case bytes.EqualFold(name, []byte("tsize")):
			r.tsize = true
		case bytes.EqualFold(name, []byte("blksize")) && !seenSize:
			seenSize = true // given twice, the first counts
			n, err := strconv.ParseUint(string(value), 10, 16)
			if err == nil && n >= 512 && n <= 65464 {
				r.blksize = int(n)
			}
		}
	}
	return false
}

// block is the size of the blocks the request is answered in.
func (r request) block(largest int) int {
	if r.blksize == 0 {
		return 512
	}
	return min(r.blksize, largest)
}

// packet writes the request anew, with nothing in it but what was understood.
func (r request) packet() []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 64+len(r.name)), opRead)
	b = append(append(b, r.name...), 0)
	if r.netascii {
		b = append(b, "netascii\x00"...)
	} else {
		b = append(b, "octet\x00"...)
	}
	if r.blksize != 0 {
		b = append(b, "blksize\x00"...)
		b = append(strconv.AppendInt(b, int64(r.blksize), 10), 0)
	}
	if r.tsize {
		b = append(b, "tsize\x000\x00"...)
	}
	return b
}

// Error codes of RFC 1350.
const (
	codeUndefined uint16 = 0
	codeNotFound  uint16 = 1
	codeAccess    uint16 = 2
	codeIllegal   uint16 = 4
)

// Packets a phone may be sent in place of content. refusal is the one answer to
// everything the desk does not give, and to names it need not be asked for.
var (
	refusal  = makeError(codeNotFound, "File not found")
	readOnly = makeError(codeAccess, "Files here are read only")
	badMode  = makeError(codeIllegal, "Mode must be octet or netascii")
	brokeOff = makeError(codeUndefined, "Transfer broken off")
)

func makeError(code uint16, text string) []byte {
	b := binary.BigEndian.AppendUint16(nil, opError)
	b = binary.BigEndian.AppendUint16(b, code)
	return append(append(b, text...), 0)
}

// errorPacket is the answer to a request that was turned away, nil for none: an
// answer to garbage helps nobody but whoever forged its source.
func errorPacket(err error) []byte {
	switch {
	case errors.Is(err, errName):
		return refusal
	case errors.Is(err, errMode):
		return badMode
	case errors.Is(err, errWrite):
		return readOnly
	}
	return nil
}

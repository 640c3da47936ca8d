package store

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// The journal is a row of blocks, one for each commit, each from a page's
// beginning on and filled up with zeros to a page's end:
//
//	round 16, number 4, length of what follows 4, the box's time 8, CRC-32C of
//	all but itself 4; then for each lease the length of its key 1, the key, the
//	length of its value 4, the value as the database holds it; 0 is a deleted one
//
// Numbers are big-endian, the time is in nanoseconds since 1970.
const (
	blockHead = 36
	blockSum  = blockHead - 4 // where the checksum stands
	blockPage = 4096
)

// round names the blocks that count beyond a state of the database, which holds
// the name. It is random: what the file holds from before is of other rounds,
// and nobody who puts words into a lease can forge a block.
type round [16]byte

func newRound() (r round) {
	_, _ = rand.Read(r[:]) // never returns an error
	return r
}

// String is how the database holds it; empty for the zero round.
func (r round) String() string {
	if r == (round{}) {
		return ""
	}
	return hex.EncodeToString(r[:])
}

func parseRound(text string) (r round, err error) {
	if n, err := hex.Decode(make([]byte, hex.DecodedLen(len(text))), []byte(text)); err != nil || n != len(r) {
		return r, fmt.Errorf("%w: %.40q names no round of the lease journal", errDamaged, text)
	}
	_, err = hex.Decode(r[:], []byte(text))
	return r, err
}

// blockSize is what n bytes of leases take in the file.
func blockSize(n int) int64 {
	return int64((blockHead + n + blockPage - 1) / blockPage * blockPage)
}

// beginBlock clears b for a block's leases.
func beginBlock(b []byte) []byte {
	var head [blockHead]byte
	return append(b[:0], head[:]...)
}

// appendPut adds a lease to a block.
func appendPut(b, key, value []byte) []byte {
	b = append(append(b, byte(len(key))), key...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
}

// seal fills in a block's head, and zeros up to a page's end.
func (r round) seal(b []byte, seq uint32, now time.Time) []byte {
	copy(b, r[:])
	binary.BigEndian.PutUint32(b[16:], seq)
	binary.BigEndian.PutUint32(b[20:], uint32(len(b)-blockHead))
	binary.BigEndian.PutUint64(b[24:], uint64(now.UnixNano()))
	binary.BigEndian.PutUint32(b[blockSum:], sumBlock(b))
	var zeros [blockPage]byte
	return append(b, zeros[:blockSize(len(b)-blockHead)-int64(len(b))]...)
}

func sumBlock(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:blockSum], castagnoli), castagnoli, b[blockHead:])
}

// block is one that was read.
type block struct {
	seq  uint32
	at   time.Time
	puts []byte
}

// open reads the block that b begins with; false if it begins with none of this
// round, or not with the whole of it.
func (r round) open(b []byte) (block, bool) {
	if len(b) < blockHead || round(b[:16]) != r {
		return block{}, false
	}
	n := uint64(binary.BigEndian.Uint32(b[20:])) + blockHead
	if n > uint64(len(b)) || binary.BigEndian.Uint32(b[blockSum:]) != sumBlock(b[:n]) {
		return block{}, false
	}
	at := time.Unix(0, int64(binary.BigEndian.Uint64(b[24:]))).UTC()
	return block{seq: binary.BigEndian.Uint32(b[16:]), at: at, puts: b[blockHead:n]}, true
}

// replayed is what the journal holds beyond the database.
type replayed struct {
	leases map[netip.Addr]*phone.Lease // nil is a deleted one
	last   time.Time                   // the box's time when the last block was written
	lost   string                      // what is wrong, empty for nothing
}

// read takes all blocks of the round from a file's content. A last block that is
// not whole was never acknowledged. One that lacks before a whole one was, and is
// lost; what comes after it is taken all the same.
func (r round) read(data []byte) replayed {
	got := replayed{leases: make(map[netip.Addr]*phone.Lease)}
	next := uint32(0)
	for len(data) > 0 {
		b, ok := r.open(data)
		if !ok || b.seq < next {
			data = data[min(blockPage, len(data)):]
			continue
		}
		if b.seq > next {
			got.lost = fmt.Sprintf("block %d is damaged", next)
		}
		if err := got.take(b.puts); err != nil {
			got.lost = fmt.Sprintf("block %d: %v", b.seq, err)
		}
		if b.at.After(got.last) {
			got.last = b.at
		}
		next = b.seq + 1
		data = data[min(int(blockSize(len(b.puts))), len(data)):]
	}
	return got
}

// take puts what a block says over what was read before.
func (got *replayed) take(puts []byte) error {
	for len(puts) > 0 {
		key, rest, ok := cut(puts[1:], int(puts[0]))
		if !ok || len(rest) < 4 {
			return fmt.Errorf("%w: a lease without a key", errDamaged)
		}
		value, rest, ok := cut(rest[4:], int(binary.BigEndian.Uint32(rest)))
		if !ok {
			return fmt.Errorf("%w: a lease beyond its block", errDamaged)
		}
		puts = rest
		if err := got.put(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (got *replayed) put(key, value []byte) error {
	addr, ok := netip.AddrFromSlice(key)
	if !ok {
		return fmt.Errorf("%w: %d bytes are no address", errDamaged, len(key))
	}
	if len(value) == 0 {
		got.leases[addr] = nil
		return nil
	}
	l, err := decodeLease(key, value)
	if err == nil {
		got.leases[addr] = l
	}
	return err
}

func cut(b []byte, n int) (head, rest []byte, ok bool) {
	if n < 0 || n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

package voice

import "time"

// source is the way a key came.
type source uint8

const (
	noSource source = iota
	inBand          // tones in the sound
	byInfo          // a message of the signalling
	byEvent         // RFC 4733
)

// keySettle is how long a key heard in band may still come by a better way.
const keySettle = 3 * time.Second

// maxHeard bounds the keys in band that may still come by a better way.
const maxHeard = 32

// keyCounter counts every press once, by whatever ways its phone sends it. The
// rule:
//
//  1. The way the first key comes by is the call's; keys by other ways are copies
//     and are not counted.
//  2. In band is the exception, for it is what leaks: a phone that sends events or
//     messages often lets the beginning of the tone through as well, of some keys
//     and not of others. So the first key by a better way takes over from it, for
//     the rest of the call.
//  3. After taking over, a key that was heard in band within keySettle before it
//     is that same press: the oldest such key, and what was heard before it, are
//     struck off and the key is not counted again.
//
// Events and messages never take over from each other: each carries every key.
type keyCounter struct {
	way   source
	heard []heardKey // in band, oldest first, not yet known to have come twice
}

type heardKey struct {
	key Key
	at  time.Time
}

// counts reports that key, come by way at now, is a press of its own.
func (c *keyCounter) counts(key Key, way source, now time.Time) bool {
	switch {
	case c.way == noSource:
		c.way = way
	case c.way == inBand && way != inBand:
		c.way = way
	case way != c.way:
		return false
	}
	if way == inBand {
		if len(c.heard) == maxHeard {
			c.heard = append(c.heard[:0], c.heard[1:]...)
		}
		c.heard = append(c.heard, heardKey{key, now})
		return true
	}
	return !c.strike(key, now)
}

// strike takes key, and what was heard before it, off the list.
func (c *keyCounter) strike(key Key, now time.Time) bool {
	for i, h := range c.heard {
		if h.key == key && now.Sub(h.at) < keySettle {
			c.heard = append(c.heard[:0], c.heard[i+1:]...)
			return true
		}
	}
	return false
}

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lineside/lineside/store"
)

// How far the clock may be off: certificates and one-time passwords count in
// minutes, the time on a phone's display in seconds.
const (
	clockSlack = 2 * time.Second
	clockBad   = 2 * time.Minute
)

// clock asks the kernel whether anything sets the clock, and the time server in
// the settings by how much it is wrong.
func (d *doctor) clock(ctx context.Context) []finding {
	const check = "clock"
	const notice = "phones notice little; what ends or begins at a time, such as certificates and one-time passwords, does so at the wrong one"
	synced := store.KernelSynced()
	server := d.settings.Site.NTP
	if server == "" {
		if synced {
			return []finding{fine(check, "a time source sets it")}
		}
		return []finding{{check, gradeWarn, "no time source sets it", notice, "switch one on: timedatectl set-ntp true"}}
	}
	off, err := askTime(ctx, server, d.patience)
	switch {
	case err != nil:
		return []finding{{check, gradeWarn, fmt.Sprintf("the time server %s, which phones are told of, does not answer: %v", server, err), "phones show the wrong time", "correct site.ntp"}}
	case off.Abs() > clockBad:
		return []finding{{check, gradeBad, fmt.Sprintf("it is %s from the time of %s", off.Abs().Round(time.Second), server), notice, "set it: timedatectl set-ntp true"}}
	case off.Abs() > clockSlack, !synced:
		return []finding{{check, gradeWarn, fmt.Sprintf("it is %s from the time of %s, and set by a time source: %v", off.Abs().Round(time.Millisecond), server, synced), notice, "switch a time source on: timedatectl set-ntp true"}}
	}
	return []finding{fine(check, "it is %s from the time of %s", off.Abs().Round(time.Millisecond), server)}
}

// askTime asks a time server once (SNTP, RFC 4330) how far it is ahead.
func askTime(ctx context.Context, server string, wait time.Duration) (ahead time.Duration, err error) {
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(server, "123"))
	if err != nil {
		return 0, fmt.Errorf("reach the time server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_ = conn.SetDeadline(time.Now().Add(wait))
	ask := make([]byte, sntpLength)
	ask[0] = 4<<3 | 3 // version 4, client
	sent := time.Now()
	binary.BigEndian.PutUint64(ask[40:], uint64(sent.UnixNano())) // comes back as it is
	if _, err := conn.Write(ask); err != nil {
		return 0, fmt.Errorf("ask the time server: %w", err)
	}
	buf := make([]byte, 512)
	n, err := conn.Read(buf)
	if err != nil {
		return 0, fmt.Errorf("hear the time server: %w", err)
	}
	at, err := readTime(buf[:n], ask)
	if err != nil {
		return 0, err
	}
	back := time.Now()
	return at.Sub(sent.Add(back.Sub(sent) / 2)), nil
}

// Numbers of SNTP.
const (
	sntpLength = 48
	sntpEpoch  = 2208988800 // seconds from 1900 to 1970
)

var errNoTime = errors.New("what it sent is no time")

// readTime takes the time of an answer to ask.
func readTime(b, ask []byte) (time.Time, error) {
	if len(b) < sntpLength || b[0]&7 != 4 || string(b[24:32]) != string(ask[40:48]) {
		return time.Time{}, errNoTime
	}
	stratum, sec, frac := b[1], binary.BigEndian.Uint32(b[40:]), binary.BigEndian.Uint32(b[44:])
	if stratum == 0 || stratum > 15 || b[0]>>6 == 3 || sec == 0 { // it does not know the time itself
		return time.Time{}, errNoTime
	}
	full := int64(sec) - sntpEpoch
	if sec < 1<<31 {
		full += 1 << 32 // section 3: the count begins again in 2036
	}
	return time.Unix(full, int64(uint64(frac)*1e9>>32)), nil
}

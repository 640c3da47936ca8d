package broker

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// serverLog hands on what nats-server says. Most of it strangers can bring
// about, so it is bounded: so many lines a minute, and none of single
// connections above Debug.
type serverLog struct {
	log *slog.Logger

	mu    sync.Mutex // guards the rest
	since time.Time
	lines int
	lost  int
	fault error
}

const linesPerMinute = 20

// Noticef is what the server tells of itself.
func (l *serverLog) Noticef(format string, v ...any) { l.say(l.log.Debug, false, format, v) }

// Debugf is not asked for.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef is not asked for.
func (l *serverLog) Tracef(string, ...any) {}

// Warnf is of the server or of a connection.
func (l *serverLog) Warnf(format string, v ...any) { l.say(l.log.Warn, true, format, v) }

// Errorf is of the server or of a connection.
func (l *serverLog) Errorf(format string, v ...any) { l.say(l.log.Error, true, format, v) }

// Fatalf keeps why the server could not start; the program is not its to end.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.fault = fmt.Errorf("%s", fmt.Sprintf(format, v...))
	}
}

// fatal is why the server could not start.
func (l *serverLog) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

func (l *serverLog) say(out func(string, ...any), bounded bool, format string, v []any) {
	text := fmt.Sprintf(format, v...)
	if ofConnection(text) {
		l.log.Debug("nats-server", "says", text)
		return
	}
	if !bounded || l.mayTell() {
		out("nats-server", "says", text)
	}
}

// ofConnection tells what is said of one client, which nats-server begins with
// its name in the log or words as an answer to it.
func ofConnection(text string) bool {
	for _, mark := range []string{" - cid:", " - wid:", "cid:", "uth callout", "uthorization callout", "ebsocket", "TLS Handshake First", "PROXY protocol header", "TLS handshake", "0.0.0.0 can not be resolved"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// mayTell counts the lines of a minute.
func (l *serverLog) mayTell() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.since) > time.Minute {
		if l.lost > 0 {
			l.log.Warn("nats-server said more than is kept", "lines", l.lost)
		}
		l.since, l.lines, l.lost = now, 0, 0
	}
	if l.lines++; l.lines <= linesPerMinute {
		return true
	}
	l.lost++
	return false
}

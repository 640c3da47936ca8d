package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
)

// pinsBySipp: sipp as the phone, by every way of typing; then NOTIFY, and the
// next fetch is the full config.
func pinsBySipp(t *testing.T, c *callTable) {
	l := newPINLab(t)
	second := pause(time.Second) // into the prompt, which the first key cuts off
	cases := []callCase{{"register", "sipp", func(t *testing.T, l *sipLab) string {
		l.account(t)
		l.registers(t)
		return l.wantStep(t, "registered with the box")
	}}}
	for _, tt := range []struct {
		line   string
		events int
		steps  func(t *testing.T, pin string) string
	}{
		{"RFC 4733, payload type 96", 96, func(_ *testing.T, pin string) string { return second + played(pin+"#") }},
		{"RFC 4733, payload type 101", 101, func(t *testing.T, pin string) string {
			return second + recorded(events(t, 101, pin+"#", 100*time.Millisecond))
		}},
		{"RFC 4733, keys of 40 ms", 101, func(t *testing.T, pin string) string {
			return second + recorded(events(t, 101, pin+"#", 40*time.Millisecond))
		}},
		{"INFO, application/dtmf-relay", 101, func(_ *testing.T, pin string) string { return relayed(3, pin+"#") }},
		{"INFO, application/dtmf", 101, func(_ *testing.T, pin string) string { return infos(3, "application/dtmf", "%s", pin+"#") }},
		{"in band", 101, func(t *testing.T, pin string) string { return second + recorded(tones(t, pin+"#")) }},
		{"wrong, wrong, right", 101, func(_ *testing.T, pin string) string {
			return relayed(3, other(pin, 1)+"#") + second + relayed(10, other(pin, 2)+"#") + second + relayed(17, pin+"#")
		}},
	} {
		cases = append(cases, callCase{tt.line, "sipp", func(t *testing.T, l *sipLab) string {
			l.account(t)
			l.registers(t)
			pin := l.pin(t)
			told := l.notified(t)
			if out, err := l.sipp(sippCall(t, "*89", tt.steps(t, pin)), tt.events); err != nil {
				t.Fatalf("%v\n%s", err, tail(out))
			}
			event := notifyEvent(t, <-told)
			l.wantFull(t)
			return "NOTIFY " + event + ", then the full config"
		}})
	}
	l.runCases(t, c, append(cases,
		callCase{"three wrong", "sipp", threeWrong},
		callCase{"a NOTIFY that is challenged, and told again", "sipp", resyncChallenged},
		callCase{"silence", "sipp", nothingTyped},
		callCase{"112999 is a wrong PIN and no call for help", "sipp", wrongPINLikeAnEmergency},
	))
}

// relayed are keys by the INFO most phones send.
func relayed(first int, keys string) string {
	return infos(first, "application/dtmf-relay", "Signal=%s\nDuration=160", keys)
}

// notified answers the NOTIFY that comes after a call, at the port that sipp
// registered from: sipp itself has ended with the call.
func (l *sipLab) notified(t *testing.T) <-chan string {
	t.Helper()
	conn := l.open(t, registeredPort)
	got := make(chan string, 1)
	go func() {
		defer close(got)
		_ = conn.SetReadDeadline(time.Now().Add(2 * sipWait))
		b := make([]byte, 4096)
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		text := string(b[:n])
		reply := "SIP/2.0 200 OK\r\n"
		for line := range strings.SplitSeq(text, "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "Via", "From", "To", "Call-ID", "CSeq":
				reply += line + "\r\n"
			}
		}
		_, _ = conn.WriteTo([]byte(reply+"Content-Length: 0\r\n\r\n"), from)
		got <- text
	}()
	return got
}

// notifyEvent is the Event of the NOTIFY a Yealink phone has to get.
func notifyEvent(t *testing.T, text string) string {
	t.Helper()
	const event = "check-sync;reboot=false"
	if !strings.HasPrefix(text, "NOTIFY ") || !strings.Contains(text, "\r\nEvent: "+event+"\r\n") {
		t.Errorf("after the call: got %q, want a NOTIFY with %s", text, event)
	}
	return event
}

// threeWrong lock the phone, which is told to fetch the text that says so.
func threeWrong(t *testing.T, l *sipLab) string {
	l.account(t)
	l.registers(t)
	pin, told, steps := l.pin(t), l.notified(t), ""
	for i := range 3 {
		steps += relayed(3+7*i, other(pin, i+1)+"#") + pause(time.Second)
	}
	if out, err := l.sipp(sippCall(t, "*89", steps), 101); err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	event := notifyEvent(t, <-told)
	if body := l.fetches(t); !strings.Contains(body, "Authentication failed") {
		t.Errorf("the holding config says %.200s\nwant Authentication failed", body)
	}
	return fmt.Sprintf("hung up, state %s, NOTIFY %s, then \"Authentication failed\" on the screen", l.state(t), event)
}

// nothingTyped costs nothing: the prompt is said twice, then the box hangs up.
func nothingTyped(t *testing.T, l *sipLab) string {
	l.account(t)
	begun := time.Now()
	if out, err := l.sipp(sippCall(t, "*89", ""), 101); err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	took := time.Since(begun)
	if state := l.state(t); state != "needed" {
		t.Errorf("after silence: got %q, want needed", state)
	}
	return fmt.Sprintf("asked twice, hung up after %.0f s, state still needed", took.Seconds())
}

// wrongPINLikeAnEmergency: a PIN may begin with an emergency number.
func wrongPINLikeAnEmergency(t *testing.T, l *sipLab) string {
	const like = "112999"
	l.account(t)
	if l.pin(t) == like {
		t.Skip("one chance in a million: it is the phone's PIN")
	}
	file := hangingUp(t, "*89", relayed(3, like+"#")+pause(4*time.Second), 10) // longer than 112 alone would wait
	if out, err := l.sipp(file, 101); err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	wrong := 0
	entries, err := l.client.AuditTail(t.Context(), l.mac, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == (audit.PINEntered{}).Kind() {
			wrong++
		}
	}
	if calls := l.emergencies(t); wrong != 1 || len(calls) != 0 {
		t.Errorf("got %d PINs entered and %d calls for help, want 1 and 0", wrong, len(calls))
	}
	return fmt.Sprintf("%d wrong PIN counted, no emergency call in the audit log", wrong)
}

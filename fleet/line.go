package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// Line is the telephone of a phone: the first account its config set, at one
// address. It is used by one goroutine at a time.
type Line struct {
	p       *Phone
	account Account
	conn    *net.UDPConn
	at      netip.AddrPort
	in      chan sipMessage
	closed  sync.Once
	reader  sync.WaitGroup
	heard   map[string]bool // requests answered already, by Via: the box sends them again
	notifys chan struct{}
}

// ErrNoLine is returned where a phone has no account it could register.
var ErrNoLine = errors.New("no account to register")

// sipPatience bounds the wait for an answer to one request.
const sipPatience = 20 * time.Second

// Register signs the first account of a result on at its registrar, as a phone
// does as soon as it has one.
func (p *Phone) Register(ctx context.Context, res Result) (*Line, error) {
	if len(res.Settings.Accounts) == 0 {
		return nil, fmt.Errorf("phone %s: %w", p.cfg.MAC, ErrNoLine)
	}
	a := res.Settings.Accounts[0]
	host, port, err := net.SplitHostPort(a.Registrar)
	if err != nil {
		host, port = a.Registrar, cmp.Or(a.Port, "5060")
	}
	box, err := net.ResolveUDPAddr("udp4", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("phone %s: find its registrar: %w", p.cfg.MAC, err)
	}
	local := &net.UDPAddr{}
	if p.lease.Local {
		local.IP = p.lease.Addr.AsSlice()
	}
	conn, err := net.DialUDP("udp4", local, box)
	if err != nil {
		return nil, fmt.Errorf("phone %s: open its SIP socket: %w", p.cfg.MAC, err)
	}
	l := &Line{
		p: p, account: a, conn: conn, at: conn.LocalAddr().(*net.UDPAddr).AddrPort(),
		in: make(chan sipMessage, 32), heard: make(map[string]bool), notifys: make(chan struct{}, 8),
	}
	l.reader.Go(l.read)
	if err := l.register(ctx, 120); err != nil {
		l.Close()
		return nil, err
	}
	p.say("registers as %s at %s", a.user(), conn.RemoteAddr())
	return l, nil
}

// Close hangs the telephone up for good.
func (l *Line) Close() {
	l.closed.Do(func() { _ = l.conn.Close() })
	l.reader.Wait()
}

// read sorts what comes in: a NOTIFY is answered at once, as phones do.
func (l *Line) read() {
	b := make([]byte, maxSIP)
	for {
		n, err := l.conn.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		m, bad := parseSIP(b[:n])
		if err != nil || bad != nil {
			continue
		}
		switch m.method() {
		case "NOTIFY", "BYE", "INFO", "OPTIONS":
			l.send(m.ok())
			if key := m.get("via"); l.heard[key] {
				continue
			} else if len(l.heard) < 1024 {
				l.heard[key] = true
			}
		}
		if m.method() == "NOTIFY" {
			l.p.say("is told to fetch again (%s)", m.get("event"))
			select {
			case l.notifys <- struct{}{}:
			default:
			}
			continue
		}
		select {
		case l.in <- m:
		default:
		}
	}
}

func (l *Line) send(b []byte) { _, _ = l.conn.Write(b) } // lost, it is sent again

func (l *Line) register(ctx context.Context, seconds int) error {
	host := strings.Split(l.conn.RemoteAddr().String(), ":")[0]
	r := sipRequest{method: "REGISTER", uri: "sip:" + host, id: nonce(), from: l.self() + ";tag=" + nonce(), to: l.self(), seq: 1}
	m, err := l.ask(ctx, &r)
	switch {
	case err != nil:
		return err
	case m.status() != 200:
		return fmt.Errorf("phone %s: register: %w: %s", l.p.cfg.MAC, ErrRefused, m.start)
	}
	return nil
}

func (l *Line) self() string {
	return "<sip:" + l.account.User + "@" + strings.Split(l.conn.RemoteAddr().String(), ":")[0] + ">"
}

// ask sends a request until there is a final answer, and once more with the
// login where that is asked for.
func (l *Line) ask(ctx context.Context, r *sipRequest) (sipMessage, error) {
	for range 2 {
		m, err := l.once(ctx, *r)
		if err != nil || m.status() != 401 || r.login != "" {
			return m, err
		}
		if r.method == "INVITE" {
			l.acknowledge(*r, m)
		}
		r.seq++
		if r.login, err = l.account.answerTo(m, r.method, r.uri); err != nil {
			return m, err
		}
	}
	return sipMessage{}, ErrRefused
}

// once sends one request, again and again until it is answered.
func (l *Line) once(ctx context.Context, r sipRequest) (sipMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, sipPatience)
	defer cancel()
	b := r.text(l.at.String(), l.account.User, l.p.dialect.agent(l.p.cfg))
	pause := 500 * time.Millisecond
	again := time.NewTimer(pause)
	defer again.Stop()
	l.send(b)
	for {
		select {
		case m := <-l.in:
			if m.status() >= 200 && m.get("cseq") == fmt.Sprintf("%d %s", r.seq, r.method) {
				return m, nil
			}
			if m.status() != 0 {
				again.Stop() // something came: it is there
			}
		case <-again.C:
			l.send(b)
			pause *= 2
			again.Reset(pause)
		case <-ctx.Done():
			return sipMessage{}, fmt.Errorf("phone %s: %s: %w: %w", l.p.cfg.MAC, r.method, ErrNoAnswer, os.ErrDeadlineExceeded)
		}
	}
}

// acknowledge sends the ACK to a final answer.
func (l *Line) acknowledge(r sipRequest, m sipMessage) {
	r.method, r.to, r.login, r.body, r.kind = "ACK", m.get("to"), "", "", ""
	l.send(r.text(l.at.String(), l.account.User, l.p.dialect.agent(l.p.cfg)))
}

// Told waits until the phone is told to fetch its config again.
func (l *Line) Told(ctx context.Context) error {
	select {
	case <-l.notifys:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("phone %s was not told to fetch: %w", l.p.cfg.MAC, ctx.Err())
	}
}

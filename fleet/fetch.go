package fleet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pin/tftp/v3"
)

// maxBody bounds one file; configs are some kilobytes.
const maxBody = 4 << 20

// maxRetryAfter bounds how long a phone lets a busy server send it away.
const maxRetryAfter = 30 * time.Second

// reply is what came back for one request.
type reply struct {
	status int // HTTP's; TFTP is translated
	header http.Header
	body   []byte
}

// session is one pass over the files: its connection, challenge and login.
type session struct {
	p       *Phone
	agent   string
	client  *http.Client
	login   login
	remotes map[string]bool // addresses that answered
}

func (p *Phone) session(agent string, person bool) *session {
	dialer := &net.Dialer{Timeout: p.cfg.Timeout}
	if p.lease.Local {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.lease.Addr, 0))
	}
	s := &session{p: p, agent: agent, remotes: map[string]bool{}}
	s.login = login{Login: p.login, mayPrompt: person}
	s.client = &http.Client{
		Timeout: p.cfg.Timeout,
		Transport: &http.Transport{
			DialContext:        dialer.DialContext,
			DisableCompression: true,
			MaxConnsPerHost:    1,
			// Some vendors ship with the check off; then so is ours.
			TLSClientConfig: &tls.Config{RootCAs: p.cfg.Roots, InsecureSkipVerify: p.dialect.anyCA},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

func (s *session) close() { s.client.CloseIdleConnections() }

// fetch asks for u until there is an answer other than "busy".
func (s *session) fetch(ctx context.Context, u *url.URL) (reply, error) {
	var r reply
	var err error
	for try := range s.p.cfg.Attempts {
		if try > 0 {
			if err := wait(ctx, max(s.p.cfg.Pause, retryAfter(r.header))); err != nil {
				return reply{}, err
			}
		}
		if u.Scheme == "tftp" {
			r, err = s.tftp(ctx, u)
		} else {
			r, err = s.http(ctx, u)
		}
		if err == nil && r.status != http.StatusServiceUnavailable {
			return r, nil
		}
		if ctx.Err() != nil {
			return reply{}, ctx.Err()
		}
	}
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return r, nil
}

// http makes one GET with the login as far as it is known.
func (s *session) http(ctx context.Context, u *url.URL) (reply, error) {
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { s.met(c.Conn.RemoteAddr()) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, u.String(), nil)
	if err != nil {
		return reply{}, err
	}
	req.URL.User = nil
	req.Header.Set("User-Agent", s.agent)
	if err := s.login.sign(req); err != nil {
		return reply{}, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return reply{}, err
	}
	if len(body) > maxBody {
		return reply{}, fmt.Errorf("answer is longer than %d bytes", maxBody)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

func (s *session) met(a net.Addr) {
	if host, _, err := net.SplitHostPort(a.String()); err == nil {
		s.remotes[host] = true
	}
}

// tftp reads one file in octet mode. The library knows no context: a pass that
// is stopped ends at the next packet's time-out.
func (s *session) tftp(ctx context.Context, u *url.URL) (reply, error) {
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "69")
	}
	addr, err := net.ResolveUDPAddr("udp", host)
	if err != nil {
		return reply{}, err
	}
	s.met(addr)
	client, err := tftp.NewClient(addr.String())
	if err != nil {
		return reply{}, err
	}
	client.SetTimeout(s.p.cfg.Timeout)
	client.SetRetries(2)
	client.SetBackoff(func(int) time.Duration { return 0 })
	if s.p.lease.Local {
		if err := client.SetLocalAddr(s.p.lease.Addr.String()); err != nil {
			return reply{}, err
		}
	}
	if ctx.Err() != nil {
		return reply{}, ctx.Err()
	}
	return receive(client, strings.TrimPrefix(u.Path, "/"))
}

func receive(client *tftp.Client, name string) (reply, error) {
	from, err := client.Receive(name, "octet")
	var body bounded
	if err == nil {
		_, err = from.WriteTo(&body)
	}
	switch {
	case err == nil:
		return reply{status: http.StatusOK, body: body.Bytes()}, nil
	case isTimeout(err):
		return reply{}, err
	case strings.HasPrefix(err.Error(), "code: 1,"): // RFC 1350: file not found
		return reply{status: http.StatusNotFound}, nil
	case strings.HasPrefix(err.Error(), "code: "):
		return reply{status: http.StatusForbidden}, nil
	}
	return reply{}, err
}

// bounded is a buffer that takes no more than maxBody.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxBody {
		return 0, errors.New("file is too long")
	}
	return b.Buffer.Write(p)
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, maxRetryAfter)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

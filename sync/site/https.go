package site

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// HTTPS is the transport over HTTPS and server-sent events.
type HTTPS struct {
	// Base is the platform's address: https://platform.example.
	Base *url.URL
	// Client has the platform's CA pinned and the site's proxy set; it has no
	// timeout of its own, or the hints would end by it.
	Client *http.Client
	Site   string
	Signer seal.Signer
}

// maxLine bounds one line of the stream of hints in bytes.
const maxLine = 4 << 10

// String names the transport for operators.
func (h *HTTPS) String() string { return h.Base.Redacted() }

// Dial begins a session and listens to its hints.
func (h *HTTPS) Dial(ctx context.Context) (Conn, error) {
	token, err := h.session(ctx)
	if err != nil {
		return nil, err
	}
	listening, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &httpConn{h: h, token: token, hints: make(chan struct{}, 1), stop: cancel, ended: make(chan struct{})}
	// The dial's deadline bounds the wait for the stream to open, not the stream.
	unbind := context.AfterFunc(ctx, cancel)
	stream, err := h.open(listening, token)
	if !unbind() && err == nil {
		err = errors.Join(ctx.Err(), stream.Close())
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go c.listen(stream)
	return c, nil
}

func (h *HTTPS) request(ctx context.Context, method, path, token string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.Base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := h.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, statusError(resp)
}

// statusError words an answer that is no answer. A refusal in the platform's
// own words is passed on; it only names a reason and opens nothing.
func statusError(resp *http.Response) error {
	var r wire.Refused
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxLine))
	if json.Unmarshal(b, &r) == nil && r.Text != "" {
		return refusal{r}
	}
	if resp.StatusCode == http.StatusProxyAuthRequired {
		return ErrProxyPassword
	}
	return fmt.Errorf("the platform's address answers %s: is something else there, or between?", resp.Status)
}

// post asks for one small object.
func (h *HTTPS) post(ctx context.Context, path, token string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("ask the platform: %w", err)
	}
	resp, err := h.request(ctx, http.MethodPost, path, token, b)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxLine)).Decode(out); err != nil {
		return fmt.Errorf("read the platform's answer: %w", err)
	}
	return nil
}

func (h *HTTPS) open(ctx context.Context, token string) (io.ReadCloser, error) {
	resp, err := h.request(ctx, http.MethodGet, wire.PathHints, token, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// httpConn is one session.
type httpConn struct {
	h     *HTTPS
	token string
	hints chan struct{}
	stop  context.CancelFunc
	ended chan struct{}
}

// listen turns every event into a hint; comments keep the line alive.
func (c *httpConn) listen(stream io.ReadCloser) {
	defer close(c.ended)
	defer close(c.hints)
	defer func() { _ = stream.Close() }()
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, maxLine), maxLine)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "data:") {
			continue
		}
		select {
		case c.hints <- struct{}{}:
		default:
		}
	}
}

// Ask sends one request.
func (c *httpConn) Ask(ctx context.Context, op string, request []byte) ([]byte, error) {
	resp, err := c.h.request(ctx, http.MethodPost, wire.PathAsk+op, c.token, request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 2*wire.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the platform's answer: %w", err)
	}
	return b, nil
}

// Hints has something in it when there may be news.
func (c *httpConn) Hints() <-chan struct{} { return c.hints }

// Close ends the session.
func (c *httpConn) Close() error {
	c.stop()
	<-c.ended
	return nil
}

// Join shows a token's secret, once, and gives who the box is from then on.
func (h *HTTPS) Join(ctx context.Context, j wire.Join) (wire.JoinReply, error) {
	var r wire.JoinReply
	if err := h.post(ctx, wire.PathJoin, "", j, &r); err != nil {
		return wire.JoinReply{}, fmt.Errorf("join the platform: %w", err)
	}
	if err := wire.CheckSite(r.Site); err != nil {
		return wire.JoinReply{}, fmt.Errorf("join the platform: %w", err)
	}
	return r, nil
}

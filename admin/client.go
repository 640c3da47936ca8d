package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds what the client reads of one answer: a list of 20,000
// devices is a few tens of MiB at most.
const maxAnswer = 64 << 20

// Client is the command line's end of the operator's socket. Its errors are
// *Error where the box answered; where nothing answers they wrap the socket's
// own (fs.ErrNotExist, syscall.ECONNREFUSED, fs.ErrPermission).
type Client struct {
	http *http.Client
}

// NewClient makes a client of the box whose socket is at path; it connects with
// the first call.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: dial, MaxIdleConns: 1, IdleConnTimeout: 10 * time.Second, DisableCompression: true,
	}}}
}

// Close gives back the connection that is kept for the next call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one call to the box.
type request struct {
	method, path string
	query        url.Values
	body         any       // sent as JSON, unless file or stream is set
	file         []byte    // sent as CSV
	stream       io.Reader // sent as it is
	match        string    // If-Match
	top          bool      // path is not below API
}

func (q request) url() string {
	u := url.URL{Scheme: "http", Host: "lineside", Path: API + q.path, RawQuery: q.query.Encode()}
	if q.top {
		u.Path = q.path
	}
	return u.String()
}

func (q request) encode() (io.Reader, string, error) {
	switch {
	case q.stream != nil:
		return q.stream, "application/octet-stream", nil
	case q.file != nil:
		return bytes.NewReader(q.file), "text/csv", nil
	case q.body == nil:
		return nil, "", nil
	}
	body, err := json.Marshal(q.body)
	return bytes.NewReader(body), "application/json", err
}

// send makes the call and hands back an answer that is a success.
func (c *Client) send(ctx context.Context, q request) (*http.Response, error) {
	if slices.ContainsFunc(strings.Split(q.path, "/"), func(part string) bool { return part == "." || part == ".." }) {
		return nil, fail(http.StatusNotFound, "there is nothing of that name", "see what there is in its list")
	}
	body, media, err := q.encode()
	if err != nil {
		return nil, fmt.Errorf("ask the box: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.url(), body)
	if err != nil {
		return nil, fmt.Errorf("ask the box: %w", err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if q.match != "" {
		req.Header.Set("If-Match", q.match)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // its own text is the made-up URL
			err = u.Err
		}
		return nil, fmt.Errorf("ask the box: %w", err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, readError(resp)
}

// readError gives the box's words; an answer that has none gets the status.
func readError(resp *http.Response) error {
	e := &Error{}
	err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(e)
	if err != nil || e.What == "" {
		e = &Error{What: "the box answered " + resp.Status, Hint: "see whether this command and the running box are the same version: lineside status"}
	}
	e.Status = resp.StatusCode
	return e
}

// call makes a call whose answer is JSON; a nil out ignores it.
func (c *Client) call(ctx context.Context, q request, out any) error {
	resp, err := c.send(ctx, q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	// Unknown members are let be: a newer box may say more.
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read the box's answer: %w", err)
	}
	return nil
}

// ask makes a call and gives its answer.
func ask[T any](ctx context.Context, c *Client, q request) (T, error) {
	var out T
	err := c.call(ctx, q, &out)
	return out, err
}

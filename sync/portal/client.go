package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// maxAnswer bounds what the client reads of one answer that is not a file.
const maxAnswer = 64 << 20

// Client is the command line's end of the API. Its errors are
// *operators.Error where the platform answered.
type Client struct {
	base  *url.URL
	token phone.Secret
	http  *http.Client
}

// NewClient makes a client of the platform at base, which shows a certificate
// of the CA with this fingerprint, or one every machine trusts where pin is
// empty.
func NewClient(base *url.URL, token phone.Secret, pin []byte) *Client {
	return &Client{base: base, token: token, http: &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: wire.PinnedTLS(pin, base.Hostname()), TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns: 1, IdleConnTimeout: 10 * time.Second,
	}}}
}

// Close gives back the connection that is kept for the next call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do makes a call: path is below V1. body is nil, a []byte of CSV, an io.Reader
// of a release, or what is sent as JSON; out is nil, an io.Writer that takes the answer as it is, or
// what its JSON is read into.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, out any) error {
	resp, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer done(resp.Body)
	switch to := out.(type) {
	case nil:
		return nil
	case io.Writer:
		if _, err := io.Copy(to, resp.Body); err != nil {
			return fmt.Errorf("read the platform's answer: %w", err)
		}
		return nil
	}
	// Unknown members are let be: a newer platform may say more.
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read the platform's answer: %w", err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	media, text, err := "application/json", io.Reader(http.NoBody), error(nil)
	switch b := body.(type) {
	case nil:
	case []byte:
		media, text = string(csvType), bytes.NewReader(b)
	case io.Reader:
		media, text = string(releaseType), b
	default:
		var j []byte
		j, err = json.Marshal(b)
		text = bytes.NewReader(j)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	at := c.base.JoinPath(V1, path)
	at.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, at.String(), text)
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // its text repeats the URL
			err = u.Err
		}
		return nil, fmt.Errorf("ask the platform at %s: %w", c.base, err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer done(resp.Body)
	return nil, readError(resp)
}

// done reads what nobody wanted of an answer, so that its connection is kept for
// the next call: the handshake of another costs more than most calls.
func done(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, maxBody) // what is longer costs a connection
	_ = body.Close()
}

// readError gives the platform's words; an answer that has none gets the status.
func readError(resp *http.Response) error {
	e := &operators.Error{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(e); err != nil || e.What == "" {
		e = &operators.Error{What: "the platform answered " + resp.Status, Hint: "see whether this is a platform's operators' API, and of the same version"}
	}
	e.Status = resp.StatusCode
	return e
}

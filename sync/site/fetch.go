package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/lineside/lineside/sync/wire"
)

// ErrNotRolledOut says that the platform gives the site this release no more, or
// not yet.
var ErrNotRolledOut = errors.New("the platform does not roll this release out here now")

// Doors are the platform's HTTPS doors, through which alone releases come: the
// one it names, then the one the box joined at.
func (i Identity) Doors(proxy *url.URL) (all []*HTTPS) {
	for _, at := range slices.Compact([]string{cmp.Or(i.Offer.HTTPS, i.URL), i.URL}) {
		if base, err := url.Parse(at); err == nil {
			all = append(all, &HTTPS{Base: base, Client: HTTPClient(wire.PinnedTLS(i.Pin, base.Hostname()), proxy), Site: i.Site, Signer: i.Signer})
		}
	}
	return all
}

// Release opens a release's file from a byte on, in a session of its own. What
// ends early is gone on with by another call. The caller closes it.
func (h *HTTPS) Release(ctx context.Context, version string, from int64) (io.ReadCloser, error) {
	token, err := h.session(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base.JoinPath(wire.PathRelease, url.PathEscape(version)).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	resp, err := h.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	var first, last, size int64
	switch n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); {
	case resp.StatusCode == http.StatusPartialContent && n == 3 && first == from:
		return resp.Body, nil
	case resp.StatusCode == http.StatusNotFound:
		err = ErrNotRolledOut
	default:
		err = statusError(resp)
	}
	return nil, errors.Join(err, resp.Body.Close())
}

// session begins a session and gives its token.
func (h *HTTPS) session(ctx context.Context) (token string, err error) {
	var challenge wire.ChallengeReply
	if err := h.post(ctx, wire.PathChallenge, "", wire.Challenge{Site: h.Site}, &challenge); err != nil {
		return "", err
	}
	var session wire.SessionReply
	err = h.post(ctx, wire.PathSession, "", wire.SignSession(h.Signer, h.Site, challenge.Nonce), &session)
	return session.Token, err
}

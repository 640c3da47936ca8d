package fleet

import (
	"fmt"
	"net/url"
	"strings"
)

// place is where a phone fetches from.
type place struct {
	base *url.URL
	// exact says that base is the one file to ask for.
	exact bool
}

// locate reads a provisioning address as the vendor does: a bare host means
// TFTP, and a base without a trailing slash gets one.
func (p *Phone) locate(address string) (place, error) {
	raw := p.expand(strings.TrimSpace(address))
	if !strings.Contains(raw, "://") {
		if p.cfg.Vendor == "poly" {
			return place{}, fmt.Errorf("%w: %q has no scheme, so the phone would try FTP; write http:// before it", ErrNotTold, raw)
		}
		raw = "tftp://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return place{}, fmt.Errorf("%w: %q is no address to fetch from", ErrNotTold, shown(raw))
	}
	switch u.Scheme {
	case "http", "https", "tftp":
	default:
		return place{}, fmt.Errorf("%w: %s is not spoken; use http, https or tftp", ErrNotTold, u.Scheme)
	}
	if p.dialect.exact(address) {
		return place{base: u, exact: true}, nil
	}
	// A Poly may be handed the common file itself.
	if dir, file := cutLast(u.Path); strings.HasSuffix(file, ".cfg") {
		u.Path = dir
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return place{base: u}, nil
}

// file gives the URL of a name; ok is false for a file on another host.
func (l place) file(name string) (*url.URL, bool) {
	if l.exact {
		return l.base, true
	}
	ref, err := url.Parse(name)
	if err != nil {
		return nil, false
	}
	u := l.base.ResolveReference(ref)
	return u, u.Host == l.base.Host && u.Scheme == l.base.Scheme
}

func cutLast(path string) (dir, file string) {
	i := strings.LastIndexByte(path, '/')
	return path[:i+1], path[i+1:]
}

// expand fills in what phones put into names and URLs themselves.
func (p *Phone) expand(s string) string {
	mac := p.cfg.MAC.Hex()
	return strings.NewReplacer(
		"{mac}", strings.ToUpper(mac), "$MAC", mac, "$PN", p.cfg.Model,
		"[PHONE_MAC_ADDRESS]", mac, "[PHONE_MODEL]", p.cfg.Model,
	).Replace(s)
}

// shown is a URL for the account: without the password it may carry.
func shown(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return fmt.Sprintf("%.80q", raw)
}

package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/lineside/lineside/sync/site"
)

// centralSettings say how the box reaches the platform it has joined. Which one
// that is, is in the store: a token says it, once.
type centralSettings struct {
	// Proxy is an HTTP proxy to go through, nil for none.
	Proxy *url.URL
	// Transport is "auto", "nats" or "https".
	Transport string
	// Poll is how often the box asks for news without being told of any.
	Poll time.Duration
	// OTPOffline takes one-time passwords of the platform's while it is away, as
	// long as it has set no rules itself.
	OTPOffline bool
}

type rawCentral struct {
	Proxy      any `toml:"proxy"`
	Transport  any `toml:"transport"`
	Poll       any `toml:"poll"`
	OTPOffline any `toml:"otp_offline"`
}

// Words of the section.
const (
	transportAuto  = "auto"
	transportNATS  = "nats"
	transportHTTPS = "https"
	otpAllow       = "allow"
	otpDeny        = "deny"
)

// central reads the section.
func (r *reader) central(raw rawCentral) centralSettings {
	c := centralSettings{
		Transport: r.word("central.transport", raw.Transport, transportAuto, transportNATS, transportHTTPS),
		Poll:      r.duration("central.poll", raw.Poll, 10*time.Minute, time.Minute, 24*time.Hour),
	}
	c.OTPOffline = r.word("central.otp_offline", raw.OTPOffline, otpDeny, otpAllow) == otpAllow
	c.Proxy = r.proxy("central.proxy", raw.Proxy)
	return c
}

// word reads one of several words, the first of which is the default.
func (r *reader) word(key string, raw any, words ...string) string {
	text := r.text(key, raw, words[0])
	for _, w := range words {
		if text == w {
			return w
		}
	}
	r.add(key, fmt.Sprintf("%.20q is not known; write one of %q", text, words))
	return words[0]
}

// proxy reads the proxy. Its password is no setting to be shown.
func (r *reader) proxy(key string, raw any) *url.URL {
	text, ok := raw.(string)
	if raw != nil && !ok {
		r.add(key, fmt.Sprintf("is %s; write text in quotes", kindOf(raw)))
	}
	if text == "" {
		r.from(key, "", raw)
		return nil
	}
	u, err := url.Parse(text)
	if err == nil {
		err = site.CheckProxy(u)
	}
	if err != nil {
		r.from(key, "", raw)
		r.add(key, "is no proxy; write one such as \"http://proxy.example:3128\", with user:password@ before the host where it wants them")
		return nil
	}
	r.from(key, u.Redacted(), raw)
	if u.User != nil {
		r.mask(key)
	}
	return u
}

// reach is how the platform is reached, in the link's own words.
func (c centralSettings) reach() site.Reach {
	r := site.Reach{Proxy: c.Proxy}
	if c.Transport != transportAuto {
		r.Only = c.Transport
	}
	return r
}

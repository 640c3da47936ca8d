package site

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ErrProxyPassword says that the site's proxy lets nobody through who does not
// sign in.
var ErrProxyPassword = errors.New("the proxy wants a user name and password")

// proxyFault is a site's proxy that cannot be used: it does not answer, or does
// not let the box through.
type proxyFault struct {
	proxy *url.URL
	cause error
}

func (f proxyFault) Error() string {
	return "through the proxy " + f.proxy.Redacted() + ": " + f.cause.Error()
}
func (f proxyFault) Unwrap() error { return f.cause }

// maxProxyHead bounds what a proxy may answer, in bytes.
const maxProxyHead = 16 << 10

// proxyWait is how long a proxy may take to make a tunnel.
const proxyWait = 30 * time.Second

// CheckProxy says what is wrong with a proxy's URL: http://host:port or
// https://host:port, with user:password@ before the host where it wants them.
func CheckProxy(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the proxy is %q, want http://host:port, or https:// where the proxy itself speaks TLS", u.Redacted())
	case u.Hostname() == "" || u.Port() == "":
		return fmt.Errorf("the proxy is %q, want a host and a port: http://proxy.example:3128", u.Redacted())
	}
	return nil
}

// HTTPClient is a client that trusts what t says and goes through the proxy, if
// there is one. It has no timeout of its own: hints come over a stream.
func HTTPClient(t *tls.Config, proxy *url.URL) *http.Client {
	via := &http.Transport{TLSClientConfig: t, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2}
	if proxy != nil {
		// Not via.Proxy: to a proxy that speaks TLS itself it would show what t
		// says, which is the platform's certificate and no other.
		via.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, proxyWait)
			defer cancel()
			return dialVia(ctx, proxy, address)
		}
	}
	return &http.Client{Transport: via, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// dialVia connects to an address, through the proxy if there is one. The name
// is then the proxy's to resolve: the site's own DNS may know its LAN only.
func dialVia(ctx context.Context, proxy *url.URL, address string) (net.Conn, error) {
	var d net.Dialer
	if proxy == nil {
		return d.DialContext(ctx, "tcp", address)
	}
	if err := CheckProxy(proxy); err != nil {
		return nil, err
	}
	conn, err := d.DialContext(ctx, "tcp", proxy.Host)
	if err != nil {
		return nil, proxyFault{proxy, err}
	}
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = connect(conn, proxy, address)
	if !stop() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		return nil, errors.Join(proxyFault{proxy, err}, conn.Close())
	}
	return conn, nil
}

// connect asks a proxy for a tunnel (RFC 9110, 9.3.6).
func connect(conn net.Conn, proxy *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	in := bufio.NewReader(io.LimitReader(conn, maxProxyHead))
	resp, err := http.ReadResponse(in, r)
	if err != nil {
		return fmt.Errorf("read its answer: %w", err)
	}
	if err := proxyError(resp); err != nil {
		return err
	}
	if in.Buffered() > 0 {
		return errors.New("it speaks before it is asked: it is no proxy, or one that inspects TLS")
	}
	return nil
}

// proxyError words what a proxy answers to CONNECT.
func proxyError(r *http.Response) error {
	switch {
	case r.StatusCode/100 == 2:
		return nil
	case r.StatusCode == http.StatusProxyAuthRequired:
		return ErrProxyPassword
	}
	return fmt.Errorf("it answers %s: does it allow CONNECT to this host and port?", r.Status)
}

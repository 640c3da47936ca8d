package appliance

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
)

// Where the machine and who uses it are.
const (
	machineAddress = "10.78.0.1"
	phoneAddress   = "10.78.0.8"
	installer      = "10.78.0.9"
)

// remote is a box as people on its LAN have it: by HTTPS, with no shell.
type remote struct {
	t     testing.TB
	http  *http.Client
	token string
}

// newRemote looks at the box from a host of its LAN. The box's certificate is its
// own, and nobody has seen it before.
func newRemote(t testing.TB, from *netlab.Host) *remote {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		err = from.Do(func() error {
			conn, err = (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, address)
			return err
		})
		return conn, err
	}
	// An emulated machine takes its time over a password's hash.
	return &remote{t: t, http: &http.Client{Timeout: 2 * time.Minute, Jar: jar, Transport: &http.Transport{
		DialContext: dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}}
}

// up says that the admin page's listener answers.
func (r *remote) up() bool {
	resp, err := r.http.Get("https://" + machineAddress + ":8443/api/v1/openapi.json")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// try makes a call of the API.
func (r *remote) try(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, "https://"+machineAddress+":8443"+admin.API+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body = http.NoBody
		req.ContentLength = 0
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}

func (r *remote) call(method, path string, in, out any) {
	r.t.Helper()
	if err := r.try(method, path, in, out); err != nil {
		r.t.Fatal(err)
	}
}

// csrfIn is what a form sends back with it.
var csrfIn = regexp.MustCompile(`name="csrf" (?:value|content)="([^"]+)"`)

// tokenIn is a token as the page shows it, once.
var tokenIn = regexp.MustCompile(`<code class="once">([^<]+)</code>`)

// submit fills in a page's form and gives the page that came of it.
func (r *remote) submit(page, path string, fields url.Values) string {
	r.t.Helper()
	site := "https://" + machineAddress + ":8443"
	resp, err := r.http.Get(site + page)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	token := csrfIn.FindSubmatch(text)
	if err != nil || token == nil {
		r.t.Fatalf("%s: got %s, %v and no form:\n%s", page, resp.Status, err, text)
	}
	fields.Set("csrf", string(token[1]))
	if resp, err = r.http.PostForm(site+path, fields); err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: got %s, %v\n%s", path, resp.Status, err, text)
	}
	return string(text)
}

// setUp is the first admin, who read the code off the machine's console, and makes a
// token for what follows.
func (r *remote) setUp(code string) {
	r.t.Helper()
	const password = "Fake-Passw0rd-1"
	r.submit("/setup", "/setup", url.Values{"step": {"2"}, "code": {code}, "name": {"anna"}, "password": {password}, "again": {password}})
	made := tokenIn.FindStringSubmatch(r.submit("/accounts", "/tokens", url.Values{"name": {"test"}, "role": {"admin"}}))
	if made == nil {
		r.t.Fatal("the page shows no token")
	}
	r.token = made[1]
}

// codeIn is the set-up code as the console shows it.
var codeIn = regexp.MustCompile(`set-up code:\s+(\S+)`)

// shownCode is the newest on the console.
func shownCode(console string) string {
	all := codeIn.FindAllStringSubmatch(console, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// conditions are the codes of what the box says is not as it should be, with details.
func (r *remote) conditions() string {
	r.t.Helper()
	var h admin.Health
	r.call("GET", "/health", nil, &h)
	var b strings.Builder
	for _, c := range h.Conditions {
		fmt.Fprintf(&b, "%s: %s (%s)\n", c.Code, c.Title, c.Detail)
	}
	return b.String()
}

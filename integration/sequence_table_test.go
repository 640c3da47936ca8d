package integration

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// What desk.setUp gives a device, as it must come out of every full config.
const (
	setRegistrar = "sip.example.net"
	setUser      = "1001"
	setPassword  = "fake-sip-password"
)

// record is what was asked and answered.
type record []asked

type asked struct{ vendor, request, status, sets string }

func (r *record) add(s *sample, request string, a answer) {
	*r = append(*r, asked{s.name, request, a.status, s.tell(a)})
}

// String is the record as a table.
func (r record) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "VENDOR\tREQUEST\tSTATUS\tWHAT THE FILE SETS")
	last := ""
	for _, row := range r {
		name := row.vendor
		if name == last {
			name = ""
		}
		last = row.vendor
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, row.request, row.status, row.sets)
	}
	_ = w.Flush()
	return b.String()
}

// anyToken is a path token, which is a phone's whole login.
var anyToken = regexp.MustCompile(`(^|/)t/[^/\s]+`)

func maskToken(s string) string { return anyToken.ReplaceAllString(s, "${1}t/…") }

// read takes a config apart; one that is none fails the test.
func (s *sample) read(t *testing.T, a answer) sheet {
	t.Helper()
	if a.status != "200" && a.status != "data" {
		t.Fatalf("got %s %s, want a config", a.status, a.body)
	}
	got, err := readSheet(a.body)
	if err != nil {
		t.Fatalf("%v in\n%s", err, a.body)
	}
	return got
}

// tell says in one line what an answer sets, without its secrets.
func (s *sample) tell(a answer) string {
	if a.status != "200" && a.status != "data" {
		return ""
	}
	got, err := readSheet(a.body)
	if err != nil {
		return err.Error()
	}
	words := []string{fmt.Sprintf("%d parameters", len(got))}
	note := func(what string, is func(string) bool, show bool) {
		if p, ok := got.first(is); ok && show {
			words = append(words, what+" "+shortName(p.name)+"="+maskToken(p.value))
		} else if ok {
			words = append(words, what+" "+shortName(p.name))
		}
	}
	if _, held := got.first(func(v string) bool { return v == s.own.Hex() }); held {
		if p, ok := s.boxRegistrar(got); ok {
			words = append(words, "registrar "+shortName(p.name)+"="+p.value)
		}
	}
	note("registrar", isRegistrar, true)
	note("user", isUser, true)
	note("secret", isPassword, false)
	note("text", isText, true)
	note("hotline", isHotline, true)
	words = append(words, s.tellFetch(got)...)
	return strings.Join(words, "; ")
}

// tellFetch is where the config sends the phone, and that it sets a login.
func (s *sample) tellFetch(got sheet) (words []string) {
	for _, name := range s.maker.Rehome.URL {
		if p := got.named(name); len(p) > 0 {
			words = append(words, "URL "+shortName(p[0].name)+"="+maskLogin(p[0].value))
			break
		}
	}
	if user, password := got.login(s.maker.Rehome.User, s.maker.Rehome.Password); user != "" && password != "" {
		words = append(words, "login "+user)
	}
	return words
}

// userInfo is a login in a URL, or before one.
var userInfo = regexp.MustCompile(`://[^/@]+@|^\[--uid \S+ --pwd \S+\]`)

func maskLogin(s string) string {
	return maskToken(userInfo.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, ":") {
			return "://…@"
		}
		return "[…]"
	}))
}

// shortName is the end of a name.
func shortName(name string) string {
	const most = 36
	if runes := []rune(name); len(runes) > most {
		return "…" + string(runes[len(runes)-most:])
	}
	return name
}

// boxRegistrar is where a phone on hold registers: the box, named by another
// parameter than the one it fetches from.
func (s *sample) boxRegistrar(got sheet) (parameter, bool) {
	var rest sheet
	for _, p := range got {
		if !slices.ContainsFunc(s.maker.Rehome.URL, func(name string) bool { return sameName(p.name, name) }) {
			rest = append(rest, p)
		}
	}
	return rest.first(s.isBox)
}

func (s *sample) isBox(v string) bool {
	return v == s.b.self.String() || v == s.b.self.String()+":5060"
}

func isRegistrar(v string) bool { return strings.Contains(v, setRegistrar) }
func isUser(v string) bool      { return v == setUser || strings.HasPrefix(v, setUser+"@") }
func isPassword(v string) bool  { return v == setPassword }
func isHotline(v string) bool   { return strings.Contains(v, provision.Hotline) }
func isText(v string) bool      { return strings.Contains(v, auth.Needed.Shown()) }

// wantFull holds a config against what the device was set up with.
func (s *sample) wantFull(t *testing.T, got sheet) {
	t.Helper()
	for what, is := range map[string]func(string) bool{"registrar": isRegistrar, "user": isUser, "password": isPassword} {
		if _, ok := got.first(is); !ok {
			t.Errorf("the full config sets no %s", what)
		}
	}
	if p, ok := got.first(isText); ok {
		t.Errorf("%s of the full config says %q", p.name, p.value)
	}
	s.wantRehome(t, got)
}

// wantHolding looks for what a phone on hold can offer, and for what it may not
// have.
func (s *sample) wantHolding(t *testing.T, got sheet) {
	t.Helper()
	if _, ok := s.boxRegistrar(got); !ok {
		t.Error("the holding config sets no registrar of the box")
	}
	need := map[string]func(string) bool{}
	if s.maker.Shows.Text {
		need["text"] = isText
	}
	if s.maker.Shows.Hotline || s.maker.Shows.HotlineKey {
		need["hotline"] = isHotline
	}
	for what, is := range need {
		if _, ok := got.first(is); !ok {
			t.Errorf("the holding config sets no %s", what)
		}
	}
	for what, is := range map[string]func(string) bool{"registrar": isRegistrar, "user": isUser, "password": isPassword} {
		if p, ok := got.first(is); ok {
			t.Errorf("%s of the holding config is the platform's %s", p.name, what)
		}
	}
	s.wantRehome(t, got)
}

// wantRehome wants the config to send the phone here, with a login or a token.
func (s *sample) wantRehome(t *testing.T, got sheet) {
	t.Helper()
	if len(s.maker.Rehome.URL) == 0 {
		return // whom DHCP names is asked
	}
	for _, name := range s.maker.Rehome.URL {
		if len(got.named(name)) == 0 {
			t.Errorf("%s is not set", name)
		}
	}
	if _, ok := got.first(func(v string) bool { return strings.Contains(v, s.b.self.String()) }); !ok {
		t.Error("the box's address is nowhere in the config")
	}
	user, password := got.login(s.maker.Rehome.User, s.maker.Rehome.Password)
	token := got.token(s.maker.Rehome.URL)
	if s.maker.Fetch.Auth != vendors.NoAuth && (user == "" || password == "") {
		t.Error("no login is set")
	}
	if s.maker.Fetch.Auth == vendors.NoAuth && s.maker.Fetch.Speaks(vendors.HTTP) && token == "" {
		t.Error("no token is set")
	}
}

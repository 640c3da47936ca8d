package portal

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDocument: every route is described, with what it takes, and nothing else.
func TestDocument(t *testing.T) {
	l := newLab(t)
	described := 0
	for _, item := range l.doc["paths"].(map[string]any) {
		described += len(item.(map[string]any))
	}
	ids := map[string]bool{}
	for _, r := range routes() {
		op, ok := l.doc["paths"].(map[string]any)[r.path].(map[string]any)[strings.ToLower(r.method)].(map[string]any)
		if !ok {
			t.Errorf("%s %s is not described", r.method, r.path)
			continue
		}
		id := op["operationId"].(string)
		if ids[id] || r.about == "" || !strings.HasSuffix(r.about, ".") {
			t.Errorf("%s %s: ID %q, summary %q, want an ID of its own and a sentence", r.method, r.path, id, r.about)
		}
		ids[id] = true
		if (op["requestBody"] != nil) != (r.in != nil) || op["x-least-role"] != r.least.String() {
			t.Errorf("%s %s: body %v, role %v", r.method, r.path, op["requestBody"], op["x-least-role"])
		}
	}
	if described != len(routes()) {
		t.Errorf("got %d calls described, want %d", described, len(routes()))
	}
	l.token = ""
	l.want(200, "GET", V1+"/openapi.json", nil, nil)
}

// TestStrangers: whatever they ask, whatever is there, the answer is one.
func TestStrangers(t *testing.T) {
	l := newLab(t)
	ask := func(token, method, path string) string {
		l.now = l.now.Add(time.Hour) // guesses do not add up here
		l.token = token
		w := l.send(method, path, nil)
		return fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	want := ask("", "GET", V1+"/tokens")
	for _, r := range routes() {
		for _, token := range []string{"", "wrong", fakeToken + "x"} {
			if r.least == Anyone && token == "" {
				continue
			}
			if got := ask(token, r.method, r.path); got != want {
				t.Errorf("%s %s with %q: got %s, want %s", r.method, r.path, token, got, want)
			}
		}
	}
	for _, path := range []string{"/", V1 + "/nothing", V1 + "//tokens", V1 + "/../x"} {
		if got := ask("", "GET", path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestGuessesAreBounded(t *testing.T) {
	l := newLab(t)
	l.token = "wrong"
	for range 10 {
		l.refused(401, "GET", V1+"/tokens", nil, "needs a token")
	}
	l.refused(429, "GET", V1+"/tokens", nil, "too many wrong tokens")
	l.token = fakeToken
	l.want(200, "GET", V1+"/tokens", nil, nil) // a good one is let in all the same
	l.now = l.now.Add(2 * time.Minute)
	l.token = "wrong"
	l.refused(401, "GET", V1+"/tokens", nil, "needs a token")
}

// TestRoles: each call with each role, let in or not as the table says.
func TestRoles(t *testing.T) {
	l := newLab(t)
	tokens := map[Role]string{}
	for i, name := range Roles() {
		var made Token
		l.want(201, "POST", V1+"/tokens", TokenInput{Name: name, Role: name}, &made)
		tokens[Edge+Role(i)] = made.Token
	}
	for _, r := range routes() {
		for role, token := range tokens {
			l.token = token
			w := l.send(r.method, strings.NewReplacer("{name}", "x", "{site}", "x", "{mac}", "x").Replace(r.path), nil)
			if refused := w.Code == http.StatusForbidden; refused == role.May(r.least) {
				t.Errorf("%s %s as %s: got %d, least role %s", r.method, r.path, role, w.Code, r.least)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	l := newLab(t)
	var made Token
	l.want(201, "POST", V1+"/tokens", TokenInput{Name: "monitoring", Role: "viewer"}, &made)
	l.refused(409, "POST", V1+"/tokens", TokenInput{Name: "monitoring", Role: "admin"}, "already")
	l.refused(422, "POST", V1+"/tokens", TokenInput{Name: "A B", Role: "king"}, "is no role")
	l.refused(400, "POST", V1+"/tokens", `{"nam":"x"}`, "no field")
	var list Tokens
	l.want(200, "GET", V1+"/tokens", nil, &list)
	if len(list.Tokens) != 1 || list.Tokens[0].Token != "" || made.Token == "" {
		t.Errorf("got %+v, want the one token without itself", list)
	}
	l.token = made.Token
	l.want(200, "GET", V1+"/metrics", nil, nil)
	l.refused(403, "GET", V1+"/tokens", nil, "needs the role admin")
	l.token = fakeToken
	l.want(204, "DELETE", V1+"/tokens/monitoring", nil, nil)
	l.refused(404, "DELETE", V1+"/tokens/monitoring", nil, "no such thing")
	l.token = made.Token
	l.refused(401, "GET", V1+"/metrics", nil, "needs a token")
}

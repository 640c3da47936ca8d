package admin

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
)

// Bounds of the tokens beside the one in the file: each is compared with what
// every caller shows.
const (
	maxTokens    = 64
	maxTokenName = 32
)

// TokenRecord is one token as it is kept. The token itself is 32 random bytes,
// so a plain hash of it can be turned back by nobody.
type TokenRecord struct {
	Name  string
	Role  Role
	Hash  [sha256.Size]byte
	Added time.Time
}

// TokenStore keeps the tokens made at run time. Tokens reads from memory and
// its answer is shared. ChangeTokens runs edit in a transaction and returns once
// the new list is on disk with its events; an error of edit changes nothing.
type TokenStore interface {
	Tokens() []TokenRecord
	ChangeTokens(ctx context.Context, edit func(old []TokenRecord) ([]TokenRecord, []audit.Record, error)) error
}

// noTokens is where none are kept.
type noTokens struct{}

// Tokens gives none.
func (noTokens) Tokens() []TokenRecord { return nil }

// ChangeTokens refuses.
func (noTokens) ChangeTokens(context.Context, func([]TokenRecord) ([]TokenRecord, []audit.Record, error)) error {
	return fail(http.StatusConflict, "this box keeps no tokens but the one in its file", "use that one")
}

// Token is a token as it is shown.
type Token struct {
	Name  string    `json:"name"`
	Role  Role      `json:"role"`
	Added time.Time `json:"added"`
	// Token is in the answer to the call that made it, and never again.
	Token string `json:"token,omitempty"`
}

// Tokens is the list of them.
type Tokens struct {
	Tokens []Token `json:"tokens"`
}

// TokenInput asks for a token.
type TokenInput struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

func (s *Server) getTokens(c *call) error {
	out := Tokens{Tokens: []Token{}}
	for _, t := range s.dep.Tokens.Tokens() {
		out.Tokens = append(out.Tokens, Token{Name: t.Name, Role: t.Role, Added: t.Added})
	}
	return c.json(http.StatusOK, out)
}

// postToken makes a token up and shows it once, when its hash is on disk.
func (s *Server) postToken(c *call) error {
	var in TokenInput
	if err := c.body(&in); err != nil {
		return err
	}
	role, err := auth.ParseRole(in.Role)
	if err == nil {
		err = checkTokenName(in.Name)
	}
	if err != nil {
		return invalid("no token was made", err)
	}
	token := operators.NewToken()
	t := TokenRecord{Name: in.Name, Role: role, Hash: sha256.Sum256([]byte(token)), Added: s.cfg.Now()}
	if err := s.dep.Tokens.ChangeTokens(c.r.Context(), t.add(c.by)); err != nil {
		return err
	}
	return c.json(http.StatusCreated, Token{Name: t.Name, Role: t.Role, Added: t.Added, Token: token})
}

func (t TokenRecord) add(by audit.Actor) func([]TokenRecord) ([]TokenRecord, []audit.Record, error) {
	return func(old []TokenRecord) ([]TokenRecord, []audit.Record, error) {
		switch {
		case slices.ContainsFunc(old, t.namesake):
			return nil, nil, fail(http.StatusConflict, "there is a token "+t.Name+" already", "write another name, or remove it first: lineside token remove "+t.Name)
		case len(old) >= maxTokens:
			return nil, nil, fail(http.StatusConflict, fmt.Sprintf("there are %d tokens already", len(old)), "remove one that is not used any more: lineside token list")
		}
		return append(slices.Clip(old), t), []audit.Record{{By: by, Event: audit.TokenAdded{Name: t.Name, Role: t.Role.String()}}}, nil
	}
}

func (t TokenRecord) namesake(o TokenRecord) bool { return t.Name == o.Name }

// deleteToken makes a token void: the next call that shows it is a stranger's.
func (s *Server) deleteToken(c *call) error {
	gone := TokenRecord{Name: c.r.PathValue("name")}
	err := s.dep.Tokens.ChangeTokens(c.r.Context(), func(old []TokenRecord) ([]TokenRecord, []audit.Record, error) {
		i := slices.IndexFunc(old, gone.namesake)
		if i < 0 {
			return nil, nil, fail(http.StatusNotFound, "there is no token of that name", "see which there are with: lineside token list")
		}
		event := audit.TokenRemoved{Name: old[i].Name, Role: old[i].Role.String()}
		return slices.Delete(slices.Clone(old), i, i+1), []audit.Record{{By: c.by, Event: event}}, nil
	})
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkTokenName lets through what stands in an audit entry and in a path as it
// is.
func checkTokenName(name string) error {
	if name == "" || len(name) > maxTokenName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || name[0] == '-' {
		return fmt.Errorf("name: write 1 to %d lower-case letters, digits and dashes, such as what uses it: monitoring", maxTokenName)
	}
	return nil
}

// Tokens lists the tokens made at run time.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	out, err := ask[Tokens](ctx, c, request{method: "GET", path: "/tokens"})
	return out.Tokens, err
}

// AddToken has a token made; the answer alone holds it.
func (c *Client) AddToken(ctx context.Context, in TokenInput) (Token, error) {
	return ask[Token](ctx, c, request{method: "POST", path: "/tokens", body: in})
}

// RemoveToken makes a token void.
func (c *Client) RemoveToken(ctx context.Context, name string) error {
	return c.call(ctx, request{method: "DELETE", path: "/tokens/" + name}, nil)
}

package portal

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/sync/central"
)

func tokenRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/tokens", least: Admin, about: "Lists the tokens; the tokens themselves are never shown again.", out: Tokens{}, status: 200, do: (*Server).getTokens},
		{method: "POST", path: V1 + "/tokens", least: Admin, about: "Makes a token and shows it once.", in: TokenInput{}, out: Token{}, status: 201, do: (*Server).postToken},
		{method: "DELETE", path: V1 + "/tokens/{name}", least: Admin, about: "Makes a token void at once.", status: 204, do: (*Server).deleteToken},
	}
}

// Token is a token as it is shown.
type Token struct {
	Name  string    `json:"name"`
	Role  string    `json:"role"`
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

func (s *Server) getTokens(*call) (any, error) {
	all, err := s.p.Tokens()
	out := Tokens{Tokens: []Token{}}
	for _, t := range all {
		out.Tokens = append(out.Tokens, Token{Name: t.Name, Role: t.Role, Added: t.Added})
	}
	return out, err
}

func (s *Server) postToken(c *call) (any, error) {
	var in TokenInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	var wrong central.InvalidError
	if _, err := ParseRole(in.Role); err != nil {
		wrong.Add("role: " + err.Error())
	}
	if err := checkName(in.Name); err != nil {
		wrong.Add("name: " + err.Error())
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	token := operators.NewToken()
	kept, err := s.by(c).AddToken(in.Name, in.Role, sha256.Sum256([]byte(token)))
	return Token{Name: kept.Name, Role: kept.Role, Added: kept.Added, Token: token}, err
}

func (s *Server) deleteToken(c *call) (any, error) {
	return nil, s.by(c).RemoveToken(c.r.PathValue("name"))
}

// checkName lets through what stands in the audit and in a path as it is.
func checkName(name string) error {
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || name[0] == '-' {
		return fmt.Errorf("write 1 to 32 lower-case letters, digits and dashes, such as what uses it: monitoring")
	}
	return nil
}

package admin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Accounts says who may sign in to the pages.
type Accounts interface {
	Operators
	Oneself
}

// Operators are those with an account of their own.
type Operators interface {
	SetUpCode() (phone.Secret, bool)
	Accounts() []auth.Account
	Account(name string) (auth.Account, error)
	Held(name string) bool
	Add(ctx context.Context, by audit.Actor, a auth.Account) (auth.Account, accounts.Temporary, error)
	Edit(ctx context.Context, by audit.Actor, name string, rev uint64, edit func(*auth.Account)) (auth.Account, error)
	Remove(ctx context.Context, by audit.Actor, name string) error
	Reset(ctx context.Context, by audit.Actor, name string) (accounts.Temporary, error)
	ResetUser(ctx context.Context, by audit.Actor, id string) (accounts.Temporary, error)
	Unlock(ctx context.Context, by audit.Actor, name string) error
}

// Account is an operator's account: no secret is in it.
type Account struct {
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Email    string    `json:"email,omitempty"`
	Language string    `json:"language,omitempty"`
	Created  time.Time `json:"created"`
	SignedIn time.Time `json:"signed_in,omitzero"`
	// HasPassword is false until the person has chosen one; TemporaryUntil is how
	// long a temporary one lets them in.
	HasPassword    bool      `json:"has_password"`
	TemporaryUntil time.Time `json:"temporary_until,omitzero"`
	// Held says that so many wrong passwords were tried that none is looked at,
	// for a while, from places the person never signed in from.
	Held bool   `json:"held"`
	Rev  uint64 `json:"rev"`
}

// AccountList is every operator's account, by name.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

// AccountInput is what an admin writes of an account. In a change, what is left
// out stays, null clears.
type AccountInput struct {
	Name     Field[string] `json:"name,omitzero"` // when adding only
	Role     Field[string] `json:"role,omitzero"`
	Email    Field[string] `json:"email,omitzero"`
	Language Field[string] `json:"language,omitzero"`
	// Rev is the revision that was seen, 0 for whatever it is now; the If-Match
	// header says the same.
	Rev uint64 `json:"rev,omitempty"`
}

// PasswordReset is what became of a temporary password.
type PasswordReset struct {
	Name string `json:"name"`
	// Mailed is the address it went to. Where it is empty, Password has it, this
	// once, to be handed over, and Why says why.
	Mailed   string `json:"mailed,omitempty"`
	Password string `json:"password,omitempty"`
	Why      string `json:"why,omitempty"`
}

// AccountAdded is a new account, and the temporary password it has.
type AccountAdded struct {
	Account   Account       `json:"account"`
	Temporary PasswordReset `json:"temporary"`
}

// SetUpCode is what the first account is made with.
type SetUpCode struct {
	Code string `json:"code"`
}

// noAccounts refuses where the box keeps none.
func noAccounts() error {
	return fail(http.StatusConflict, "this box keeps no accounts", "use a token: lineside token add NAME --role ROLE")
}

// people gives the accounts, where there are any.
func (s *Server) people() (Accounts, error) {
	if s.dep.Accounts == nil {
		return nil, noAccounts()
	}
	return s.dep.Accounts, nil
}

func (s *Server) shapeAccount(a auth.Account) Account {
	out := Account{
		Name: a.Name, Role: a.Role, Email: a.Email, Language: a.Language, Created: a.Created, SignedIn: a.SignedIn,
		HasPassword: !a.Password.Hash.IsZero(), Held: s.dep.Accounts.Held(a.Name), Rev: a.Rev,
	}
	if !a.Password.Temporary.IsZero() {
		out.TemporaryUntil = future(s.cfg.Now(), a.Password.Until)
	}
	return out
}

func shapeReset(name string, t accounts.Temporary) PasswordReset {
	return PasswordReset{Name: name, Mailed: t.Mailed, Password: t.Password.Reveal(), Why: t.Why}
}

func (s *Server) getAccounts(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	out := AccountList{Accounts: []Account{}}
	for _, a := range people.Accounts() {
		out.Accounts = append(out.Accounts, s.shapeAccount(a))
	}
	return c.json(http.StatusOK, out)
}

func (s *Server) getAccount(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	a, err := people.Account(c.r.PathValue("name"))
	if err != nil {
		return err
	}
	return s.showAccount(c, a)
}

func (s *Server) showAccount(c *call, a auth.Account) error {
	c.w.Header().Set("ETag", strconv.Quote(strconv.FormatUint(a.Rev, 10)))
	return c.json(http.StatusOK, s.shapeAccount(a))
}

// postAccount makes an account with a temporary password.
func (s *Server) postAccount(c *call) error {
	var in AccountInput
	people, err := s.people()
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return err
	}
	a := auth.Account{Name: in.Name.Value}
	if err := in.apply(&a); err != nil {
		return err
	}
	a, temporary, err := people.Add(c.r.Context(), c.by, a)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", API+"/accounts/"+a.Name)
	return c.json(http.StatusCreated, AccountAdded{s.shapeAccount(a), shapeReset(a.Name, temporary)})
}

// apply lays what the admin wrote over a. The name is left alone.
func (in AccountInput) apply(a *auth.Account) error {
	if in.Role.Given {
		role, err := auth.ParseRole(in.Role.Value)
		if err != nil {
			return invalid("the account cannot be like this", err)
		}
		a.Role = role
	}
	lay(&a.Email, in.Email)
	lay(&a.Language, in.Language)
	return nil
}

func (s *Server) patchAccount(c *call) error {
	var in AccountInput
	people, err := s.people()
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return err
	}
	name := c.r.PathValue("name")
	if in.Name.Given && in.Name.Value != name {
		return fail(http.StatusUnprocessableEntity, "an account's name cannot be changed", "make another one and remove this")
	}
	rev, err := revision(c.r.Header["If-Match"], in.Rev)
	if err == nil {
		err = in.apply(new(auth.Account))
	}
	if err != nil {
		return err
	}
	a, err := people.Edit(c.r.Context(), c.by, name, rev, func(a *auth.Account) { _ = in.apply(a) }) // tried above
	if err != nil {
		return err
	}
	return s.showAccount(c, a)
}

func (s *Server) deleteAccount(c *call) error {
	people, err := s.people()
	if err == nil {
		err = people.Remove(c.r.Context(), c.by, c.r.PathValue("name"))
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postAccountReset(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	return s.reset(c, c.r.PathValue("name"), people.Reset)
}

func (s *Server) postUserReset(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	return s.reset(c, c.r.PathValue("id"), people.ResetUser)
}

func (s *Server) reset(c *call, name string, how func(context.Context, audit.Actor, string) (accounts.Temporary, error)) error {
	t, err := how(c.r.Context(), c.by, name)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, shapeReset(name, t))
}

func (s *Server) postAccountUnlock(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	if err := people.Unlock(c.r.Context(), c.by, c.r.PathValue("name")); err != nil {
		return err
	}
	a, err := people.Account(c.r.PathValue("name"))
	if err != nil {
		return err
	}
	return s.showAccount(c, a)
}

// getSetUpCode shows what the first account is made with. Who may see it may
// make accounts anyway.
func (s *Server) getSetUpCode(c *call) error {
	people, err := s.people()
	if err != nil {
		return err
	}
	code, ok := people.SetUpCode()
	if !ok {
		return accounts.ErrSetUpDone
	}
	return c.json(http.StatusOK, SetUpCode{Code: code.Reveal()})
}

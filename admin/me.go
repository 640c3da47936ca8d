package admin

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Oneself is what people see and change of themselves.
type Oneself interface {
	// Of gives the account somebody signed in with.
	Of(name string) (auth.Account, error)
	SetLanguage(ctx context.Context, by audit.Actor, name, language string) error
	ChooseOwn(ctx context.Context, by audit.Actor, name, must string, old, next phone.Secret) error
	// Confirm wants the person's password, AddressChanged tells the address letters
	// went to that they go to another now.
	Confirm(ctx context.Context, from netip.Addr, name string, password phone.Secret) error
	AddressChanged(ctx context.Context, name, was, now string)
}

// Me is the person who has signed in.
type Me struct {
	Name     string `json:"name"`
	Role     Role   `json:"role"`
	Email    string `json:"email,omitempty"`
	Language string `json:"language,omitempty"`
	// Must says that the password has to be changed before anything else:
	// "temporary" or "expired".
	Must string `json:"must,omitempty"`
	// PasswordUntil is when the password has to be changed.
	PasswordUntil time.Time `json:"password_until,omitzero"`
	// Rev is the revision of what can be changed here: of the account, or of the user.
	Rev uint64 `json:"rev"`
	// User is the user of the site that the person is; missing for operators.
	User *User `json:"user,omitempty"`
}

// MeInput is what people change of themselves; what is left out stays, null
// clears. The last two are a user's.
type MeInput struct {
	Email       Field[string] `json:"email,omitzero"`
	Language    Field[string] `json:"language,omitzero"`
	WebPassword Field[string] `json:"web_password,omitzero"`
	PortalPIN   Field[string] `json:"portal_pin,omitzero"`
	// Password is what the person signs in with, needed for another e-mail address:
	// whoever gets somebody's letters can have their password reset.
	Password string `json:"password,omitempty"`
	// Rev is the revision that was seen, 0 for whatever it is now.
	Rev uint64 `json:"rev,omitempty"`
}

// PasswordInput is a change of the password somebody signs in with. Old may be
// left out right after signing in with a temporary one.
type PasswordInput struct {
	Old string `json:"old,omitempty"`
	New string `json:"new"`
}

// me gives the account the caller signed in with.
func (s *Server) me(c *call) (auth.Account, error) {
	if c.by.Front != pageFront {
		return auth.Account{}, fail(http.StatusConflict, "a token or a command line is nobody's account", "sign in to the pages, or change the account: lineside account edit NAME")
	}
	people, err := s.people()
	if err != nil {
		return auth.Account{}, err
	}
	a, err := people.Of(c.by.Name)
	if errors.Is(err, accounts.ErrUnknown) {
		return auth.Account{}, accounts.ErrSession // it was removed a moment ago
	}
	return a, err
}

func (s *Server) getMe(c *call) error {
	a, err := s.me(c)
	if err != nil {
		return err
	}
	return s.showMe(c, a, false)
}

// showMe shows somebody themselves; tell has it say which of their phones are told
// of a change.
func (s *Server) showMe(c *call, a auth.Account, tell bool) error {
	out := Me{Name: a.Name, Role: a.Role, Email: a.Email, Language: a.Language, Must: c.must, Rev: a.Rev}
	if !a.Password.Hash.IsZero() {
		out.PasswordUntil = a.Password.Set.Add(auth.PasswordFor)
	}
	if a.Role == auth.Personal {
		u, err := s.dep.Desk.User(a.Name)
		if err != nil {
			return err
		}
		owned, err := s.owned()
		if err != nil {
			return err
		}
		shaped := shapeUser(u, owned[u.ID])
		if tell {
			s.tell(&shaped)
		}
		out.User, out.Email, out.Rev = &shaped, u.Email, u.Rev
	}
	return c.json(http.StatusOK, out)
}

// patchMe changes what people may change of themselves. A user's web-access
// password goes the way of an operator's change of it: the configs of their
// phones are made anew, and the phones told.
func (s *Server) patchMe(c *call) error {
	a, err := s.me(c)
	if err != nil {
		return err
	}
	if c.must != "" {
		return fail(http.StatusForbidden, "your password has to be changed first", "choose a new password")
	}
	var in MeInput
	if err := c.body(&in); err != nil {
		return err
	}
	tell, err := s.editMe(c, a, in)
	if err != nil {
		return err
	}
	if a, err = s.me(c); err != nil {
		return err
	}
	return s.showMe(c, a, tell)
}

// editMe changes somebody's account or user. Another e-mail address takes the
// password, and the one before is told.
func (s *Server) editMe(c *call, a auth.Account, in MeInput) (tell bool, err error) {
	was := a.Email
	if a.Role == auth.Personal {
		u, err := s.dep.Desk.User(a.Name)
		if err != nil {
			return false, err
		}
		was = u.Email
	}
	moved := in.Email.Given && in.Email.Value != was
	if moved {
		if err := s.dep.Accounts.Confirm(c.r.Context(), c.by.Remote, a.Name, phone.NewSecret(in.Password)); err != nil {
			return false, err
		}
	}
	if a.Role == auth.Personal {
		tell, err = s.editOwnUser(c, a, in)
	} else {
		err = s.editOwnAccount(c, a, in)
	}
	if err == nil && moved {
		s.dep.Accounts.AddressChanged(c.r.Context(), a.Name, was, in.Email.Value)
	}
	return tell, err
}

// editOwnUser changes a user; tell says that it is a change of what is in the
// configs of their phones.
func (s *Server) editOwnUser(c *call, a auth.Account, in MeInput) (tell bool, err error) {
	if in.Email.Given || in.WebPassword.Given || in.PortalPIN.Given {
		old, err := s.dep.Desk.User(a.Name)
		if err != nil {
			return false, err
		}
		change := UserInput{Email: in.Email, WebPassword: in.WebPassword, PortalPIN: in.PortalPIN}
		u, err := s.dep.Desk.EditUser(c.r.Context(), c.by, a.Name, in.Rev, change.edit)
		if err != nil {
			return false, err
		}
		tell = provision.InConfigs(old, u)
	}
	if in.Language.Given {
		return tell, s.dep.Accounts.SetLanguage(c.r.Context(), c.by, a.Name, in.Language.Value)
	}
	return tell, nil
}

func (s *Server) editOwnAccount(c *call, a auth.Account, in MeInput) error {
	if in.WebPassword.Given || in.PortalPIN.Given {
		return fail(http.StatusUnprocessableEntity, "an operator has no phone password and no portal PIN", "change those of a user: lineside user edit ID")
	}
	_, err := s.dep.Accounts.Edit(c.r.Context(), c.by, a.Name, in.Rev, func(a *auth.Account) {
		lay(&a.Email, in.Email)
		lay(&a.Language, in.Language)
	})
	return err
}

func (s *Server) postMyPassword(c *call) error {
	a, err := s.me(c)
	if err != nil {
		return err
	}
	var in PasswordInput
	if err := c.body(&in); err != nil {
		return err
	}
	if err := s.dep.Accounts.ChooseOwn(c.r.Context(), c.by, a.Name, c.must, phone.NewSecret(in.Old), phone.NewSecret(in.New)); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// postUserUnlock ends what wrong tries have locked of a user: the portal, and the
// sign-in at places they do not know.
func (s *Server) postUserUnlock(c *call) error {
	u, err := s.dep.Desk.EditUser(c.r.Context(), c.by, c.r.PathValue("id"), 0, func(u *phone.User) error {
		u.Fails = 0
		return nil
	})
	if err != nil {
		return err
	}
	if s.dep.Accounts != nil {
		if err := s.dep.Accounts.Unlock(c.r.Context(), c.by, u.ID); err != nil && !errors.Is(err, accounts.ErrUnknown) {
			return err
		}
	}
	return s.showUser(c, http.StatusOK, u)
}

package pages

import (
	"github.com/lineside/lineside/admin"
)

// accountsPage is who may sign in, and what may call the API.
type accountsPage struct {
	Accounts []admin.Account
	Tokens   []admin.Token
	Form     *form // for another account
	Token    *form // for another token
	Roles    []string
	Shown    *shownSecret
}

// accountPage is one account.
type accountPage struct {
	admin.Account
	Form  *form
	Roles []string
	Shown *shownSecret
}

// shownSecret is what is shown this once: a temporary password, or a token.
type shownSecret struct {
	admin.PasswordReset
	Token string
}

// roleChoices are the roles an operator can have, the least first, each with what
// it may.
func (v *visit) roleChoices() []string {
	var all []string
	for _, r := range []admin.Role{admin.Viewer, admin.Installer, admin.Admin} {
		all = append(all, r.String(), v.word("accounts.may", r.String()))
	}
	return all
}

// newAccounts is the page as things are now.
func (v *visit) newAccounts() (*accountsPage, error) {
	list, err := v.api.Accounts(v.ctx())
	if err != nil {
		return nil, err
	}
	tokens, err := v.api.Tokens(v.ctx())
	if err != nil {
		return nil, err
	}
	return &accountsPage{
		Accounts: list, Tokens: tokens, Roles: v.roleChoices(),
		Form: filled("role", admin.Installer.String()), Token: filled("role", admin.Viewer.String()),
	}, nil
}

func getAccounts(v *visit) error {
	data, err := v.newAccounts()
	if err != nil {
		return err
	}
	return v.show("accounts", data)
}

// postAccount makes an account. Its temporary password is mailed, or shown to be
// handed over.
func postAccount(v *visit) error {
	f, err := v.form("name", "role", "email", "language")
	if err != nil {
		return err
	}
	data, err := v.newAccounts()
	if err != nil {
		return err
	}
	made, wrong := v.api.AddAccount(v.ctx(), admin.AccountInput{
		Name: admin.Set(f.Get("name")), Role: admin.Set(f.Get("role")), Email: admin.Set(f.Get("email")), Language: admin.Set(f.Get("language")),
	})
	if wrong != nil {
		data.Form = f
		return v.again("accounts", data, f, wrong)
	}
	if made.Temporary.Password == "" {
		return v.done("/accounts", "accounts.added.mailed", made.Account.Name, made.Temporary.Mailed)
	}
	if data, err = v.newAccounts(); err != nil {
		return err
	}
	data.Shown = &shownSecret{PasswordReset: made.Temporary}
	return v.show("accounts", data)
}

func postToken(v *visit) error {
	f, err := v.form("name", "role")
	if err != nil {
		return err
	}
	data, err := v.newAccounts()
	if err != nil {
		return err
	}
	made, wrong := v.api.AddToken(v.ctx(), admin.TokenInput{Name: f.Get("name"), Role: f.Get("role")})
	if wrong != nil {
		data.Token = f
		return v.again("accounts", data, f, wrong)
	}
	if data, err = v.newAccounts(); err != nil {
		return err
	}
	data.Shown = &shownSecret{PasswordReset: admin.PasswordReset{Name: made.Name}, Token: made.Token}
	return v.show("accounts", data)
}

func postTokenRemove(v *visit) error {
	f, err := v.form("name")
	if err != nil {
		return err
	}
	name := f.Get("name")
	if ok, err := v.sure(v.say("accounts.token.remove.sure", name), v.say("accounts.remove"), "name"); !ok {
		return err
	}
	if err := v.api.RemoveToken(v.ctx(), name); err != nil {
		return err
	}
	return v.done("/accounts", "accounts.token.removed", name)
}

// account is the account the path names.
func (v *visit) account() (*accountPage, error) {
	a, err := v.api.Account(v.ctx(), v.r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return &accountPage{Account: a, Roles: v.roleChoices(), Form: filled("role", a.Role.String(), "email", a.Email, "language", a.Language)}, nil
}

func getAccount(v *visit) error {
	data, err := v.account()
	if err != nil {
		return err
	}
	return v.show("account", data)
}

// postAccountChange changes an account as it was when its form was shown; what
// somebody else changed meanwhile is told first.
func postAccountChange(v *visit) error {
	f, err := v.form("role", "email", "language", "rev")
	if err != nil {
		return err
	}
	data, err := v.account()
	if err != nil {
		return err
	}
	data.Form = f
	_, wrong := v.api.EditAccount(v.ctx(), data.Name, admin.AccountInput{
		Role: admin.Set(f.Get("role")), Email: admin.Set(f.Get("email")), Language: admin.Set(f.Get("language")), Rev: number(f.Get("rev")),
	})
	if wrong != nil {
		return v.again("account", data, f, wrong)
	}
	return v.done("/accounts", "accounts.changed", data.Name)
}

func postAccountReset(v *visit) error {
	data, err := v.account()
	if err != nil {
		return err
	}
	if ok, err := v.sure(v.say("accounts.reset.sure", data.Name), v.say("accounts.reset")); !ok {
		return err
	}
	done, err := v.api.ResetAccount(v.ctx(), data.Name)
	if err != nil {
		return err
	}
	if done.Password == "" {
		return v.done("/accounts/"+data.Name, "accounts.reset.mailed", data.Name, done.Mailed)
	}
	if data, err = v.account(); err != nil {
		return err
	}
	data.Shown = &shownSecret{PasswordReset: done}
	return v.show("account", data)
}

func postAccountUnlock(v *visit) error {
	data, err := v.account()
	if err != nil {
		return err
	}
	if _, err := v.api.UnlockAccount(v.ctx(), data.Name); err != nil {
		return err
	}
	return v.done("/accounts/"+data.Name, "accounts.unlocked", data.Name)
}

func postAccountRemove(v *visit) error {
	data, err := v.account()
	if err != nil {
		return err
	}
	if ok, err := v.sure(v.say("accounts.remove.sure", data.Name), v.say("accounts.remove")); !ok {
		return err
	}
	if err := v.api.RemoveAccount(v.ctx(), data.Name); err != nil {
		return v.again("account", data, data.Form, err) // such as the last admin's
	}
	return v.done("/accounts", "accounts.removed", data.Name)
}

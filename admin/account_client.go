package admin

import "context"

func accountPath(name, verb string) string { return "/accounts/" + name + verb }

// Accounts lists the operators' accounts.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	out, err := ask[AccountList](ctx, c, request{method: "GET", path: "/accounts"})
	return out.Accounts, err
}

// Account fetches one of them.
func (c *Client) Account(ctx context.Context, name string) (Account, error) {
	return ask[Account](ctx, c, request{method: "GET", path: accountPath(name, "")})
}

// AddAccount makes an account with a temporary password.
func (c *Client) AddAccount(ctx context.Context, in AccountInput) (AccountAdded, error) {
	return ask[AccountAdded](ctx, c, request{method: "POST", path: "/accounts", body: in})
}

// EditAccount changes an account.
func (c *Client) EditAccount(ctx context.Context, name string, in AccountInput) (Account, error) {
	return ask[Account](ctx, c, request{method: "PATCH", path: accountPath(name, ""), body: in})
}

// RemoveAccount takes an account away and signs its person out.
func (c *Client) RemoveAccount(ctx context.Context, name string) error {
	return c.call(ctx, request{method: "DELETE", path: accountPath(name, "")}, nil)
}

// ResetAccount makes an account's password void and a temporary one in its place.
func (c *Client) ResetAccount(ctx context.Context, name string) (PasswordReset, error) {
	return ask[PasswordReset](ctx, c, request{method: "POST", path: accountPath(name, "/reset-password")})
}

// UnlockAccount has the wrong passwords of an account forgotten.
func (c *Client) UnlockAccount(ctx context.Context, name string) (Account, error) {
	return ask[Account](ctx, c, request{method: "POST", path: accountPath(name, "/unlock")})
}

// ResetUser does for a user of the site what ResetAccount does for an operator.
func (c *Client) ResetUser(ctx context.Context, id string) (PasswordReset, error) {
	return ask[PasswordReset](ctx, c, request{method: "POST", path: userPath(id) + "/reset-password"})
}

// UnlockUser ends what wrong portal PINs and wrong passwords of a user have
// locked.
func (c *Client) UnlockUser(ctx context.Context, id string) (User, error) {
	return ask[User](ctx, c, request{method: "POST", path: userPath(id) + "/unlock"})
}

// SetUpCode gives the code the first account is made with.
func (c *Client) SetUpCode(ctx context.Context) (SetUpCode, error) {
	return ask[SetUpCode](ctx, c, request{method: "GET", path: "/setup-code"})
}

// Me gives what the person who has signed in may know of themselves.
func (c *Client) Me(ctx context.Context) (Me, error) {
	return ask[Me](ctx, c, request{method: "GET", path: "/me"})
}

// EditMe changes what people may change of themselves.
func (c *Client) EditMe(ctx context.Context, in MeInput) (Me, error) {
	return ask[Me](ctx, c, request{method: "PATCH", path: "/me", body: in})
}

// ChangePassword changes the password of the person who has signed in, and signs
// them out everywhere.
func (c *Client) ChangePassword(ctx context.Context, in PasswordInput) error {
	return c.call(ctx, request{method: "POST", path: "/me/password", body: in}, nil)
}

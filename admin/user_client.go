package admin

import (
	"context"
	"fmt"
	"io"
)

func userPath(id string) string { return "/users/" + id }

// Users lists the users that have q in a name, a number or an address; all for
// an empty one.
func (c *Client) Users(ctx context.Context, q string) ([]User, error) {
	out, err := c.FindUsers(ctx, q, 0, 0)
	return out.Users, err
}

// FindUsers is Users, from the first so many on and at most so many of them; a
// limit of 0 is all.
func (c *Client) FindUsers(ctx context.Context, q string, offset, limit int) (Users, error) {
	return ask[Users](ctx, c, request{method: "GET", path: "/users", query: Query{Text: q, Offset: offset, Limit: limit}.values()})
}

// User fetches one user.
func (c *Client) User(ctx context.Context, id string) (User, error) {
	return ask[User](ctx, c, request{method: "GET", path: userPath(id)})
}

// AddUser sets up a user.
func (c *Client) AddUser(ctx context.Context, in UserInput) (User, error) {
	return ask[User](ctx, c, request{method: "POST", path: "/users", body: in})
}

// EditUser changes a user.
func (c *Client) EditUser(ctx context.Context, id string, in UserInput) (User, error) {
	return ask[User](ctx, c, request{method: "PATCH", path: userPath(id), body: in})
}

// RemoveUser deletes a user who owns no device.
func (c *Client) RemoveUser(ctx context.Context, id string) error {
	return c.call(ctx, request{method: "DELETE", path: userPath(id)}, nil)
}

// ImportUsers sets up and changes users from a CSV file, all or none.
func (c *Client) ImportUsers(ctx context.Context, file []byte) (Imported, error) {
	if file == nil {
		file = []byte{} // an empty file is still a file
	}
	return ask[Imported](ctx, c, request{method: "POST", path: "/users/import", file: file})
}

// ExportUsers writes the users as CSV, without passwords.
func (c *Client) ExportUsers(ctx context.Context, w io.Writer) error {
	return c.copy(ctx, request{method: "GET", path: "/users/export"}, w)
}

// copy writes an answer that is no JSON.
func (c *Client) copy(ctx context.Context, q request, w io.Writer) error {
	resp, err := c.send(ctx, q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("read the box's answer: %w", err)
	}
	return nil
}

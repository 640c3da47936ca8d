package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// logins is what the person in front of each vendor's phones knows; the empty
// vendor stands for all others.
type logins map[phone.Vendor]vendors.Login

// parseLogins reads --otp. A value of @FILE stands for the lines of the file,
// so that a password need not be on the command line.
func parseLogins(values []string) (logins, error) {
	all := logins{}
	var errs []error
	for _, value := range values {
		lines := []string{value}
		if path, ok := strings.CutPrefix(value, "@"); ok {
			body, err := os.ReadFile(path)
			if err != nil {
				errs = append(errs, fmt.Errorf("--otp: %w", err))
				continue
			}
			lines = strings.Split(string(body), "\n")
		}
		for _, line := range lines {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if err := all.add(line); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return all, errors.Join(errs...)
}

// add reads USER:PASSWORD or VENDOR=USER:PASSWORD. Its errors do not repeat
// what was written, which may be a password.
func (l logins) add(line string) error {
	var vendor phone.Vendor
	if name, rest, ok := strings.Cut(line, "="); ok {
		if v, err := vendors.All().Parse(name); err == nil {
			vendor, line = v, rest
		}
	}
	user, password, ok := strings.Cut(line, ":")
	if !ok || user == "" || password == "" {
		return errors.New("--otp: write USER:PASSWORD, VENDOR=USER:PASSWORD, or @FILE with one a line")
	}
	l[vendor] = vendors.Login{User: user, Password: phone.NewSecret(password)}
	return nil
}

// person types the login of the phone's vendor.
func (l logins) person() fleet.Person {
	return func(_ context.Context, at fleet.Prompt) (vendors.Login, bool) {
		if login, ok := l[at.Vendor]; ok {
			return login, true
		}
		login, ok := l[""]
		return login, ok
	}
}

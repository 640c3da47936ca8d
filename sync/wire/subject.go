package wire

import (
	"fmt"
	"strings"
)

// A site's subjects. It may ask on its five, hears hints on one and answers
// on its inbox; nothing else is open to it.

// AskSubject is where a site asks; op is "hello", "pull", "push", "confirm" or "act".
func AskSubject(site, op string) string { return "s." + site + ".rpc." + op }

// HintSubject is where a site hears that there is news.
func HintSubject(site string) string { return "s." + site + ".n" }

// InboxPrefix begins every subject a site may be answered on.
func InboxPrefix(site string) string { return "s." + site + ".in" }

// Op is the last part of the subject a request is asked on.
func (r Request) Op() string {
	switch {
	case r.Hello != nil:
		return "hello"
	case r.Pull != nil:
		return "pull"
	case r.Push != nil:
		return "push"
	case r.Act != nil:
		return "act"
	default:
		return "confirm"
	}
}

// AskedBy reads a subject made by AskSubject.
func AskedBy(subject string) (site, op string, err error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 4 || parts[0] != "s" || parts[2] != "rpc" || CheckSite(parts[1]) != nil {
		return "", "", fmt.Errorf("subject %q is not s.<site>.rpc.<op>", subject)
	}
	return parts[1], parts[3], nil
}

// CheckSite says what is wrong with a site's name on the wire: 1 to 32 lower
// case letters and digits. It is made by the platform at random and says
// nothing about the site.
func CheckSite(site string) error {
	if len(site) < 1 || len(site) > 32 || strings.Trim(site, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fmt.Errorf("site name %q: want 1 to 32 lower-case letters and digits", site)
	}
	return nil
}

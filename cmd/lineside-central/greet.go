package main

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
)

// greet says where the platform is and what to do next. The first admin's token
// is shown at the first start alone.
func (p *program) greet(f *platform) error {
	lines := []error{
		p.say("lineside-central %s", shell.Version()),
		p.say("  boxes join at   %s", f.url()),
		p.say("  operators' API  https://%s/v1", reachable(f.api.Addr())),
		p.say("  state           %s", f.settings.Directory),
	}
	if f.pin != nil {
		lines = append(lines, p.say("  CA, SHA-256     %s", spaced(f.pin)))
	}
	if f.fresh {
		lines = append(lines,
			p.say("\nThis is the first start. The admin's token, shown this once; it is also in %s:", f.path(fileToken)),
			p.say("  %s", f.token.Reveal()),
			p.say("Keep a copy of %s where the backups are: without it they open nothing.", f.path(fileKeys)))
	}
	sites, _, err := f.central.Sites(central.SiteQuery{Limit: 1})
	if err == nil && len(sites) == 0 {
		dir := ""
		if f.settings.Directory != defaultDir {
			dir = " --dir " + f.settings.Directory
		}
		lines = append(lines,
			p.say("\nThere is no site yet. Add one, and type what that prints on its box:"),
			p.say("  lineside-central%s site add \"Berlin\"", dir),
			p.say("  lineside join …"))
	}
	return errors.Join(append(lines, err)...)
}

// spaced is a fingerprint as certificates show it.
func spaced(pin []byte) string {
	parts := make([]string, len(pin))
	for i, b := range pin {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.ToUpper(strings.Join(parts, ":"))
}

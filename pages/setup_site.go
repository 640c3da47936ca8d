package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/admin"
)

// The first start goes on once there is an account: site, platform, DHCP, done.
// Each step is a page of its own that shows what is in force or set so far, so
// that it can be left and come back to; nothing is kept but the settings.
const (
	pathSite     = "/setup/site"
	pathPlatform = "/setup/platform"
	pathDHCP     = "/setup/dhcp"
	pathDone     = "/setup/done"
)

// stepOf is one step of the first start: its word by its key, and "done" or
// "here" for whether people have been there.
type stepOf struct{ Word, Class string }

// stepsAt are the steps for who is at one, counted from 1.
func stepsAt(at int) []stepOf {
	steps := []stepOf{
		{Word: "setup.step.code"}, {Word: "setup.step.account"}, {Word: "setup.step.site"},
		{Word: "setup.step.platform"}, {Word: "setup.step.dhcp"}, {Word: "setup.step.done"},
	}
	for i := range at - 1 {
		steps[i].Class = "done"
	}
	steps[at-1].Class = "here"
	return steps
}

// written are the settings as a form has them, by key.
type written map[string]admin.SettingKey

// written reads the settings.
func (v *visit) written() (admin.Settings, written, error) {
	all, err := v.api.Settings(v.ctx())
	if err != nil {
		return admin.Settings{}, nil, err
	}
	w := make(written, len(all.Settings))
	for _, s := range all.Settings {
		w[s.Key] = s
	}
	return all, w, nil
}

// text is the value of a key as people write it: a list with commas.
func (w written) text(key string) string {
	switch value := w[key].Value.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(value))
		for i, p := range value {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(value)
	}
}

// form is a form filled in with the values of keys, and the revision it is a
// change of.
func (w written) form(rev uint64, keys ...string) *form {
	f := filled("rev", fmt.Sprint(rev))
	for _, key := range keys {
		f.values[key] = w.text(key)
	}
	return f
}

// change is what a form would have the settings be, as far as that is something
// else than they are.
func (w written) change(f *form, keys ...string) (admin.SettingsInput, error) {
	in := admin.SettingsInput{}
	for _, key := range keys {
		if f.Get(key) == w.text(key) {
			continue
		}
		var value any = f.Get(key)
		if w[key].Kind == "list" {
			value = listed(f.Get(key))
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", key, err)
		}
		in[key] = text
	}
	return in, nil
}

// listed are the parts of a text with commas, semicolons or spaces between them.
func listed(text string) []string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
	return append([]string{}, parts...)
}

// keepSettings carries a form's change of settings out: against those it was written of,
// so that nobody undoes what somebody else did meanwhile.
func (v *visit) keepSettings(f *form, keys ...string) error {
	all, w, err := v.written()
	if err != nil {
		return err
	}
	in, err := w.change(f, keys...)
	if err != nil || len(in) == 0 {
		return err
	}
	rev := all.Rev
	if was := f.Get("rev"); was != "" && was != fmt.Sprint(rev) {
		_, err = fmt.Sscan(was, &rev) // what is no number is today's: only a mended page sends that
		if err != nil {
			rev = all.Rev
		}
	}
	f.values["rev"] = fmt.Sprint(all.Rev) // who sends it again has seen what it is now
	_, err = v.api.SetSettings(v.ctx(), rev, in)
	return atKeys(err, keys)
}

// atKeys is an error whose lines begin with their key: the box says before it in
// which file and line that stands.
func atKeys(err error, keys []string) error {
	var e *admin.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Fields = slices.Clone(e.Fields)
	for i, line := range told.Fields {
		for _, key := range keys {
			if at := strings.Index(line, " "+key+": "); at >= 0 {
				told.Fields[i] = line[at+1:]
			}
		}
	}
	return &told
}

// siteKeys are what the branch is.
func siteKeys() []string {
	return []string{"site.name", "site.timezone", "site.emergency", "site.language"}
}

// sitePage asks what the branch is.
type sitePage struct {
	Form  *form
	Steps []stepOf
	// Guess says that nobody has written the time zone yet, so that the browser's
	// may be a better one.
	Guess bool
}

func getSetUpSite(v *visit) error {
	all, w, err := v.written()
	if err != nil {
		return err
	}
	return v.show("setup-site", &sitePage{Form: w.form(all.Rev, siteKeys()...), Steps: stepsAt(3), Guess: w["site.timezone"].From == "default"})
}

func postSetUpSite(v *visit) error {
	f, err := v.form(append(siteKeys(), "rev")...)
	if err != nil {
		return err
	}
	data := &sitePage{Form: f, Steps: stepsAt(3)}
	for key, text := range map[string]string{"site.name": v.say("setup.site.name.missing"), "site.emergency": v.say("setup.site.emergency.missing")} {
		if len(listed(f.Get(key))) == 0 {
			f.blame(key, text)
		}
	}
	if !f.OK() {
		return v.again("setup-site", data, f, nil)
	}
	if err := v.keepSettings(f, siteKeys()...); err != nil {
		return v.again("setup-site", data, f, err)
	}
	return v.to(pathPlatform)
}

// platformPage has the box join a platform, or go on without.
type platformPage struct {
	Form  *form
	Steps []stepOf
	Link  admin.PlatformLink
}

func getSetUpPlatform(v *visit) error {
	link, err := v.api.Platform(v.ctx())
	if err != nil {
		return err
	}
	return v.show("setup-platform", &platformPage{Form: filled(), Steps: stepsAt(4), Link: link})
}

func postSetUpPlatform(v *visit) error {
	// The token stays in its field where joining fails: it is good once, and most
	// often what is wrong is the line to the platform.
	f, err := v.form("token")
	if err != nil {
		return err
	}
	data := &platformPage{Form: f, Steps: stepsAt(4)}
	if f.Get("token") == "" {
		f.blame("token", v.say("setup.token.missing"))
		return v.again("setup-platform", data, f, nil)
	}
	link, err := v.api.JoinPlatform(v.ctx(), admin.JoinInput{Token: f.Get("token")})
	if err != nil {
		return v.again("setup-platform", data, f, err)
	}
	name := link.Name
	if name == "" {
		name = link.Site
	}
	return v.done(pathDHCP, "setup.joined", name)
}

// dhcpKeys are what the box does of DHCP.
func dhcpKeys() []string {
	return []string{"dhcp.mode", "dhcp.pool", "dhcp.router", "dhcp.upstream"}
}

// dhcpPage chooses the box's part in DHCP by what the LAN has of it.
type dhcpPage struct {
	Form   *form
	Steps  []stepOf
	Advice admin.DHCPAdvice
	Modes  []string
}

func (v *visit) newDHCPPage(f *form) (*dhcpPage, error) {
	advice, err := v.api.DHCPAdvice(v.ctx(), false)
	if err != nil {
		return nil, err
	}
	advice.Why = sentence(v.ours(advice.Why))
	data := &dhcpPage{Form: f, Steps: stepsAt(5), Advice: advice}
	for _, m := range advice.Modes {
		data.Modes = append(data.Modes, m.Mode)
	}
	return data, nil
}

func getSetUpDHCP(v *visit) error {
	all, w, err := v.written()
	if err != nil {
		return err
	}
	f := w.form(all.Rev, dhcpKeys()...)
	data, err := v.newDHCPPage(f)
	if err != nil {
		return err
	}
	if w["dhcp.mode"].From == "default" || w["dhcp.mode"].From == "store" {
		f.values["dhcp.mode"] = data.Advice.Suggested
	}
	if w["dhcp.pool"].From == "default" {
		f.values["dhcp.pool"] = data.Advice.Pool
	}
	return v.show("setup-dhcp", data)
}

func postSetUpDHCP(v *visit) error {
	f, err := v.form(append(dhcpKeys(), "rev")...)
	if err != nil {
		return err
	}
	keys := []string{"dhcp.mode"}
	switch f.Get("dhcp.mode") { // what belongs to another mode is not looked at
	case "server":
		keys = append(keys, "dhcp.pool", "dhcp.router")
	case "relay":
		keys = append(keys, "dhcp.upstream")
	}
	if err := v.keepSettings(f, keys...); err != nil {
		data, bad := v.newDHCPPage(f)
		if bad != nil {
			return bad
		}
		return v.again("setup-dhcp", data, f, err)
	}
	return v.to(pathDone)
}

// postSetUpAsk has the LAN asked, as a new phone does.
func postSetUpAsk(v *visit) error {
	advice, err := v.api.DHCPAdvice(v.ctx(), true)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(advice.Servers, func(s admin.DHCPServer) bool { return s.Here })
	if len(others) == 0 {
		return v.done(pathDHCP, "setup.asked.none")
	}
	return v.done(pathDHCP, "setup.asked", others[0].Address)
}

// donePage ends the first start: with what waits for a restart, and what to do
// next.
type donePage struct {
	Steps   []stepOf
	Waiting []string
	Wrong   []string // with what is set
	Next    []place
}

func getSetUpDone(v *visit) error {
	all, err := v.api.Settings(v.ctx())
	if err != nil {
		return err
	}
	data := &donePage{Steps: stepsAt(6), Waiting: all.Waiting, Wrong: all.Problems}
	for _, path := range []string{"/install", "/accounts", "/"} {
		for _, p := range v.s.nav {
			if p.Path == path && v.role().May(p.least) {
				data.Next = append(data.Next, p)
			}
		}
	}
	return v.show("setup-done", data)
}

// postSetUpDone has the box start anew; the page then waits until it is back.
func postSetUpDone(v *visit) error {
	if _, err := v.api.Restart(v.ctx()); err != nil {
		return err
	}
	return v.waitForBox("/setup/done")
}

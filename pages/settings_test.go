package pages

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

// settingsForm is a visit that sends a form, and the settings it is a change of.
func settingsForm(t *testing.T, sent url.Values) (*visit, admin.Settings) {
	t.Helper()
	w, err := readWords("en")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/settings?section=site", strings.NewReader(sent.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	now := admin.Settings{Settings: []admin.SettingKey{
		{Key: "state", Kind: "text", Value: "/s", Change: "file"},
		{Key: "site.name", Kind: "text", Value: "Branch", Change: "restart", From: "page"},
		{Key: "site.emergency", Kind: "list", Value: []any{"110", "112"}, Change: "restart"},
		{Key: "site.wrong", Kind: "number", Value: 30.0, Change: "now"},
		{Key: "site.map", Kind: "table", Value: map[string]any{}, Change: "now"},
		{Key: "site.word", Kind: "secret", HasValue: true, Change: "now"},
		{Key: "site.claimed", Kind: "flag", Value: false, Change: "policy"},
		{Key: "dhcp.mode", Kind: "text", Value: "server", Change: "now"},
	}}
	return &visit{s: &Server{views: map[string]*views{"en": {words: w}}}, r: r, lang: "en"}, now
}

// TestSettingsSendWhatWasWritten: only fields somebody wrote in are sent, each in
// its type, of this section alone; what cannot be read is told at its field.
func TestSettingsSendWhatWasWritten(t *testing.T) {
	for name, c := range map[string]struct{ form, want, rules, wrong string }{
		"nothing":              {"site.name=Branch&was:site.name=Branch", "", "", ""},
		"a text":               {"site.name=+New+&was:site.name=Branch", `site.name="New"`, "", ""},
		"a text made empty":    {"site.name=&was:site.name=Branch", `site.name=""`, "", ""},
		"somebody else's":      {"site.name=Branch&was:site.name=Branch&site.emergency=110%0D%0A112&was:site.emergency=110%0A112", "", "", ""},
		"a list":               {"site.emergency=110%0D%0A%0D%0A+911&was:site.emergency=110%0A112", `site.emergency=["110","911"]`, "", ""},
		"a number":             {"site.wrong=31&was:site.wrong=30", `site.wrong=31`, "", ""},
		"no number":            {"site.wrong=many&was:site.wrong=30", "", "", "site.wrong"},
		"a table":              {`site.map={"a":{"b":1}}&was:site.map=`, `site.map={"a":{"b":1}}`, "", ""},
		"no table":             {`site.map=[1]&was:site.map=`, "", "", "site.map"},
		"a secret left":        {"site.word=", "", "", ""},
		"a secret":             {"site.word=+s%22+", `site.word=" s\" "`, "", ""},
		"a rule":               {"site.claimed=true&was:site.claimed=false", "", "claimed=true", ""},
		"taken back":           {"site.name=x&was:site.name=Branch&clear:site.name=yes", "site.name=null", "", ""},
		"the file's":           {"state=/etc&was:state=/s", "", "", ""},
		"of another section":   {"dhcp.mode=off&was:dhcp.mode=server", "", "", ""},
		"of no form of ours":   {"site.nothing=1", "", "", ""},
		"a field twice":        {"site.name=A&site.name=B&was:site.name=Branch", `site.name="A"`, "", ""},
		"hostile, and is kept": {"site.name=%3Cscript%3E&was:site.name=Branch&site.wrong=x&was:site.wrong=30", `site.name="\u003cscript\u003e"`, "", "site.wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := url.ParseQuery(c.form)
			if err != nil {
				t.Fatal(err)
			}
			v, now := settingsForm(t, sent)
			f := &form{values: map[string]string{}}
			in, rules := v.changedSettings(now, "site", f)
			var got, ruled []string
			for key, value := range in {
				got = append(got, key+"="+string(value))
			}
			for key, value := range rules {
				ruled = append(ruled, key+"="+string(value))
			}
			if strings.Join(got, " ") != c.want || strings.Join(ruled, " ") != c.rules {
				t.Errorf("got %q and rules %q, want %q and %q", got, ruled, c.want, c.rules)
			}
			if (c.wrong == "") != f.OK() || c.wrong != "" && f.Wrong[c.wrong] == "" {
				t.Errorf("got wrong %q, want %q", f.Wrong, c.wrong)
			}
			page := v.newSettings(now, "site", f)
			for _, r := range page.Rows {
				if strings.Contains(r.Field.Value, `s"`) {
					t.Error("a secret is drawn")
				}
				if r.Key == "site.name" && strings.HasPrefix(name, "hostile") && r.Field.Value != "<script>" {
					t.Errorf("got %q, want what was typed", r.Field.Value)
				}
			}
		})
	}
}
